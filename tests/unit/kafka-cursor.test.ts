import { describe, expect, it } from 'vitest'
import { KafkaCursor } from '../../src/broker/kafka-cursor.ts'

const NO_LIMIT = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }
const records = (...offsets: number[]) => offsets.map((offset) => ({ offset, key: 'k', value: Buffer.alloc(9) }))
const offsets = (cursor: KafkaCursor, from: number, max = NO_LIMIT) =>
  cursor.take(from, max).map(({ offset }) => offset)

describe('a cursor in a partition of Kafka', () => {
  it('asks for what follows what has come, over gaps as well', () => {
    const cursor = new KafkaCursor('items', 0, 5)
    expect(cursor.offset).toBe(5)
    cursor.add(records(7, 9))
    expect(cursor.offset).toBe(10)
    cursor.add([])
    expect(cursor.offset).toBe(10)
    cursor.add(records(12))
    expect(offsets(cursor, 5)).toEqual([7, 9, 12])
  })

  it('gives the same again until it is told that they have been handled', () => {
    const cursor = new KafkaCursor('ratings', 0, 0)
    cursor.add(records(0, 1, 2, 3))
    const two = { records: 2, bytes: Number.POSITIVE_INFINITY }
    expect(offsets(cursor, 0, two)).toEqual([0, 1])
    expect(offsets(cursor, 0, two)).toEqual([0, 1])
    expect(offsets(cursor, 2, two)).toEqual([2, 3])
    expect(offsets(cursor, 4, two)).toEqual([])
  })

  it('counts the bytes that are ahead of what has been handled', () => {
    const cursor = new KafkaCursor('ratings', 0, 0)
    cursor.add(records(0, 1, 2))
    cursor.add(records(3))
    expect(cursor.aheadBytes).toBe(40)
    offsets(cursor, 1)
    expect(cursor.aheadBytes).toBe(30)
    offsets(cursor, 4)
    expect(cursor.aheadBytes).toBe(0)
  })

  it('stops at a number of bytes, and gives one record at least', () => {
    const cursor = new KafkaCursor('ratings', 0, 0)
    cursor.add(records(0, 1, 2, 3))
    expect(offsets(cursor, 0, { records: 10, bytes: 15 })).toEqual([0, 1])
    expect(offsets(cursor, 0, { records: 10, bytes: 1 })).toEqual([0])
  })
})
