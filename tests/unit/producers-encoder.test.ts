import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/events/codec.ts'
import { KINDS } from '../../src/events/kinds.ts'
import { interactions } from '../../src/producers/datasets/dataset.ts'
import { IdTable } from '../../src/producers/datasets/id-table.ts'
import { InteractionTable } from '../../src/producers/datasets/interaction-table.ts'
import { tableDataset } from '../../src/producers/datasets/table-dataset.ts'
import { InteractionEncoder } from '../../src/producers/interaction-encoder.ts'

const IDS = ['1', '6040', 'a"b', 'back\\slash', 'ü', '日本', '😀', ' ', 'x'.repeat(128), '\u2028']
const VALUES = [5, 0.5, 0, -0, -3, 3.25, 0.1, 1e6, -1e6, 1 / 3, 1e-7, Number.NaN]
const TIMES = [0, 1, 999, 978_300_760_000, 2 ** 31, 2 ** 32 + 1, 253_402_300_799_999]

const dataset = everyCombination()

describe('the encoder', () => {
  it('writes the very bytes of encode, for every kind of id, value and time', () => {
    const encoder = new InteractionEncoder(dataset, 1)
    for (const chunk of dataset.chunks()) for (let row = 0; row < chunk.at.length; row++) encoder.add(chunk, row)
    expect(encoder.size).toBe(dataset.size)
    const messages = encoder.take()
    expect(encoder.size).toBe(0)
    const expected = [...interactions(dataset)].map((event) => ({
      key: event.userId,
      value: Buffer.from(encode('ratings', event)).toString(),
    }))
    expect(messages.map(({ key, value }) => ({ key, value: Buffer.from(value).toString() }))).toEqual(expected)
  })

  it('gives the events of another run ids of their own', () => {
    const encoder = new InteractionEncoder(dataset, 3)
    for (const chunk of dataset.chunks(7)) encoder.add(chunk, 0)
    const decoded = decode('ratings', encoder.take()[0]!.value, Number.MAX_SAFE_INTEGER)
    expect(decoded).toMatchObject({ event: { eventId: 'all#3:7' } })
  })

  it('does not let a batch be overwritten by the next', () => {
    const encoder = new InteractionEncoder(dataset, 1)
    const [chunk] = dataset.chunks()
    encoder.add(chunk!, 0)
    const first = encoder.take()
    const before = Buffer.from(first[0]!.value).toString()
    encoder.add(chunk!, 1)
    encoder.take()
    expect(Buffer.from(first[0]!.value).toString()).toBe(before)
  })
})

function everyCombination() {
  const users = new IdTable()
  const items = new IdTable()
  const table = new InteractionTable()
  let row = 0
  for (const id of IDS) {
    for (const value of VALUES) {
      for (const at of TIMES) {
        const kind = row++ % KINDS.length
        table.add(users.intern(id), items.intern(IDS[row % IDS.length]!), kind, value, at)
      }
    }
  }
  return tableDataset({ name: 'all', about: 'all', table, users, items, catalogue: [], profiles: [] })
}
