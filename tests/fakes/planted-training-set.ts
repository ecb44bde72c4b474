import type { TrainingSet } from '../../src/models/training-set.ts'
import { Random } from '../../src/random.ts'

/** Items in a ring of `items`, half of them of one genre, half of another. */
export interface Planted {
  readonly users?: number
  readonly items?: number
  readonly events?: number
}

/** Users walk around a ring of items: what comes next is the neighbour, which popularity says nothing of. */
export function plantedTrainingSet({ users = 60, items = 40, events = 12 }: Planted = {}): TrainingSet {
  const random = new Random(7)
  const size = users * events
  const item = new Uint32Array(size)
  const at = new Float64Array(size)
  for (let user = 0; user < users; user++) {
    const first = random.below(items)
    for (let i = 0; i < events; i++) {
      item[user * events + i] = (first + i) % items
      at[user * events + i] = 1e12 + 60_000 * (i * users + user)
    }
  }
  return {
    userIds: Array.from({ length: users }, (_, user) => `u${user}`),
    users: Array(users).fill(undefined),
    itemIds: Array.from({ length: items }, (_, index) => `i${index}`),
    items: Array.from({ length: items }, (_, index) => ({
      itemId: `i${index}`,
      title: `Film ${index}`,
      genres: [2 * index < items ? 'Western' : 'Musical'],
      year: 1990 + (index % 10),
    })),
    starts: Uint32Array.from({ length: users + 1 }, (_, user) => user * events),
    item,
    kind: new Uint8Array(size),
    value: Float32Array.from({ length: size }, (_, event) => 1 + (event % 5)),
    at,
    place: new Int16Array(size).fill(-1),
    positionBias: 0,
    asOf: Math.max(...at),
  }
}
