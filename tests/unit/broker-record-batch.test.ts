import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/broker/broker.ts'
import { decodeBatch, encodeBatches } from '../../src/broker/record-batch.ts'

const json = (i: number): Message => ({
  key: `${i % 50}`,
  value: Buffer.from(
    JSON.stringify({ eventId: `e-${i}`, userId: `${i % 50}`, itemId: `${i * 7}`, kind: 'click', at: i }),
  ),
})

/** What reads back from batches stored one after the other. */
function decodeAll(batches: ReturnType<typeof encodeBatches>, first = 0) {
  let base = first
  return batches.flatMap(({ count, bytes }) => {
    const records = decodeBatch(bytes, base, 0, Number.POSITIVE_INFINITY)
    base += count
    return records
  })
}

describe('a stored batch', () => {
  it.each([
    ['an empty value', 'k', Buffer.alloc(0)],
    ['an empty key', '', Buffer.from('v')],
    ['a key beyond ASCII', 'é日本🎬', Buffer.from('v')],
    ['every byte there is', 'k', Uint8Array.from({ length: 256 }, (_, i) => i)],
    ['a megabyte that does not compress', 'k', Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * i * 31) >>> 5)],
  ])('gives back %s', (_, key, value) => {
    const [record, ...others] = decodeAll(encodeBatches([{ key, value }]), 41)
    expect(others).toEqual([])
    expect(record).toMatchObject({ offset: 41, key })
    expect(Buffer.compare(record!.value, value)).toBe(0)
  })

  it('holds many messages in order and takes much less room than they do', () => {
    const messages = Array.from({ length: 900 }, (_, i) => json(i))
    const batches = encodeBatches(messages)
    const records = decodeAll(batches)
    expect(records.map(({ key }) => key)).toEqual(messages.map(({ key }) => key))
    expect(records.map(({ value }) => value.toString())).toEqual(messages.map(({ value }) => value.toString()))
    const stored = batches.reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(stored).toBeLessThan(messages.reduce((sum, { value }) => sum + value.length, 0) / 3)
  })

  it('is one of several when there are more messages than a reader should have to decompress', () => {
    const batches = encodeBatches(Array.from({ length: 2_500 }, (_, i) => json(i)))
    expect(batches.map(({ count }) => count)).toEqual([1_000, 1_000, 500])
    expect(decodeAll(batches).map(({ offset }) => offset)).toEqual(Array.from({ length: 2_500 }, (_, i) => i))
  })

  it('is bounded in bytes, except that one message is never divided', () => {
    const value = new Uint8Array(100_000)
    const large = new Uint8Array(300_000)
    const batches = encodeBatches([value, value, value, large, value].map((value) => ({ key: 'k', value })))
    expect(batches.map(({ count }) => count)).toEqual([2, 1, 1, 1])
  })

  it('reads from the middle, and no more than asked', () => {
    const [batch] = encodeBatches(Array.from({ length: 100 }, (_, i) => json(i)))
    const offsets = (from: number, limit: number) => decodeBatch(batch!.bytes, 500, from, limit).map((r) => r.offset)
    expect(offsets(0, 2)).toEqual([500, 501])
    expect(offsets(597, 10)).toEqual([597, 598, 599])
    expect(offsets(600, 10)).toEqual([])
    expect(decodeBatch(batch!.bytes, 500, 597, 1)[0]!.value.toString()).toBe(json(97).value.toString())
  })

  it('of no messages is none', () => {
    expect(encodeBatches([])).toEqual([])
  })

  it('is refused when its bytes are not what was written', () => {
    const { bytes } = encodeBatches(Array.from({ length: 100 }, (_, i) => json(i)))[0]!
    const damaged = (at: number, byte: number) => {
      const copy = Buffer.from(bytes)
      copy[at] = copy[at]! ^ byte
      return copy
    }
    for (const at of [0, 5, 30, bytes.length - 1]) {
      expect(() => decodeBatch(damaged(at, 0x40), 0, 0, 100), `byte ${at}`).toThrow()
    }
    expect(() => decodeBatch(bytes.subarray(0, bytes.length - 5), 0, 0, 100)).toThrow()
  })
})
