import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelName, TrainedModel } from '../../src/models/model-trainer.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { replay } from '../../src/producers/replay.ts'
import { Random } from '../../src/random.ts'
import type { Slate } from '../../src/serving/recommender.ts'
import { openServed, type Served } from '../served.ts'

const ITEMS = 800
const DIMENSIONS = 8
const CLIENTS = 4
const SWAPS = 10
const itemIds = Array.from({ length: ITEMS }, (_, i) => `i${i + 1}`)
const parityOf = (itemId: string) => Number(itemId.slice(1)) % 2

let served: Served

/** Proposes items of one parity alone: whoever sees a proposal knows which release it is of. */
function modelOf(parity: number): TrainedModel {
  const random = new Random(parity)
  const data = new Float32Array(ITEMS * DIMENSIONS)
  for (const [i, itemId] of itemIds.entries()) {
    data[i * DIMENSIONS] = parityOf(itemId) === parity ? 4 : -4
    for (let d = 1; d < DIMENSIONS; d++) data[i * DIMENSIONS + d] = 0.3 * random.normal()
  }
  const query = Float32Array.from({ length: DIMENSIONS }, (_, d) => (d === 0 ? 1 : 0))
  return {
    tensors: new Map([
      ['items', { shape: [ITEMS, DIMENSIONS], data }],
      ['query', { shape: [DIMENSIONS], data: query }],
    ]),
    metrics: {},
  }
}

const models = (parity: number) =>
  new Map<ModelName, TrainedModel>([
    ['sequence', modelOf(parity)],
    ['two-tower', modelOf(parity)],
  ])

const recommend = (user: string, k = 40) => served.get<Slate>(`/recommend?user=${user}&k=${k}`)

/** The release that the proposals of a slate's sources come from, by source: one, if it is not mixed. */
function seenIn(slate: Slate): string[] {
  return slate.items.flatMap(({ itemId, sources }) =>
    sources.filter(({ name }) => name === 'sequence' || name === 'two-tower').map(() => `v${parityOf(itemId)}`),
  )
}

beforeAll(async () => {
  served = await openServed()
  const dataset = synthetic({ seed: 5, users: 100, items: ITEMS, events: 6_000 })
  await replay({ broker: served.broker, dataset })
  await served.caughtUp()
  for (const parity of [0, 1]) await served.write(`v${parity}`, models(parity), itemIds)
})
afterAll(() => served?.close())

describe('before there is a release', () => {
  it('live state alone answers, and says so', async () => {
    const slate = await recommend('u1')
    expect(slate).toMatchObject({ release: 'live', degraded: [] })
    expect(seenIn(slate)).toEqual([])
  })
})

describe('while releases are swapped under load', () => {
  it('no request fails, and each answer names one release and is of that one alone', async () => {
    await served.promote('v0')
    let stopped = false
    const seen = new Map<string, number>()
    let mixed = 0
    let proposals = 0
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let n = 0; !stopped; n++) {
        const slate = await recommend(`u${1 + ((client + CLIENTS * n) % 100)}`)
        seen.set(slate.release, (seen.get(slate.release) ?? 0) + 1)
        const found = seenIn(slate)
        proposals += found.length
        if (found.some((version) => version !== slate.release)) mixed++
      }
    })
    for (let swap = 1; swap <= SWAPS; swap++) await served.promote(`v${swap % 2}`)
    stopped = true
    await Promise.all(clients)
    expect(mixed).toBe(0)
    expect(proposals).toBeGreaterThan(0)
    expect([...seen.keys()].sort()).toEqual(['v0', 'v1'])
    expect(served.failures).toEqual([])
  })

  it('the releases that were replaced have given their memory back', async () => {
    const { release } = served.slot.hold()
    expect(release!.retrievers).toEqual(['sequence', 'two-tower'])
    await served.promote('v1')
    // Held by a request: it goes on as if nothing had happened.
    expect(release!.retrievers).toEqual(['sequence', 'two-tower'])
    const hold = served.slot.hold()
    await served.promote('v0')
    hold.end()
    expect(hold.release!.retrievers).toEqual([])
  })
})

describe('a release that cannot be loaded', () => {
  it('leaves the old one in service, is named, and is forgotten when a good one comes', async () => {
    await served.promote('v0')
    await served.write('v2', models(0), itemIds)
    truncateSync(join(served.folder.path, 'v2', 'sequence.safetensors'), 1000)
    await served.promote('v2')
    expect(served.failures.at(-1)).toMatchObject({ version: 'v2', error: { code: 'CORRUPT' } })
    expect(served.slot.problem).toContain('v2')
    const slate = await recommend('u1')
    expect(slate).toMatchObject({ release: 'v0', degraded: ['release'] })
    expect(seenIn(slate).length).toBeGreaterThan(0)
    await served.promote('v1')
    expect(await recommend('u1')).toMatchObject({ release: 'v1', degraded: [] })
    expect(readdirSync(served.folder.path).filter((name) => name.startsWith('.'))).toEqual([])
  })
})
