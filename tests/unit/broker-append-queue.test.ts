import { describe, expect, it } from 'vitest'
import { AppendQueue, type Appends } from '../../src/broker/append-queue.ts'
import { partitionFor } from '../../src/events/topics.ts'

const message = (key: string, text = key) => ({ key, value: Buffer.from(text) })
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A log that commits when it is told to. */
function fakeLog(partitions = 4) {
  const ends = new Map<string, number>()
  const commits: { appends: readonly Appends[]; finish(): void; fail(error: Error): void }[] = []
  const queue = new AppendQueue(partitions, (appends) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    const finish = () =>
      resolve(
        appends.map(({ topic, partition, messages }) => {
          const base = ends.get(`${topic}/${partition}`) ?? 0
          ends.set(`${topic}/${partition}`, base + messages.length)
          return base
        }),
      )
    commits.push({ appends, finish, fail: reject })
    return promise
  })
  return { queue, commits }
}

describe('the append queue', () => {
  it('answers where each message went, in the order of the messages', async () => {
    const { queue, commits } = fakeLog()
    const positions = queue.add(
      'ratings',
      ['1', '2', '1', '3'].map((key) => message(key)),
    )
    await settled()
    commits[0]!.finish()
    const places = await positions
    expect(places.map(({ partition }) => partition)).toEqual(['1', '2', '1', '3'].map((key) => partitionFor(key, 4)))
    expect(places[2]).toEqual({ partition: places[0]!.partition, offset: places[0]!.offset + 1 })
  })

  it('puts a message where it says it belongs', async () => {
    const { queue, commits } = fakeLog()
    const positions = queue.add('ratings', [{ ...message('1'), partition: 3 }])
    await settled()
    commits[0]!.finish()
    expect(await positions).toEqual([{ partition: 3, offset: 0 }])
  })

  it('commits together what is added in one turn, and what waits for the commit under way', async () => {
    const { queue, commits } = fakeLog(1)
    const first = Promise.all([queue.add('ratings', [message('a')]), queue.add('feedback', [message('b')])])
    await settled()
    expect(commits).toHaveLength(1)
    expect(commits[0]!.appends.map(({ topic }) => topic)).toEqual(['ratings', 'feedback'])
    const later = Array.from({ length: 100 }, (_, i) => queue.add('ratings', [message(`${i}`)]))
    await settled()
    expect(commits).toHaveLength(1)
    commits[0]!.finish()
    expect(await first).toEqual([[{ partition: 0, offset: 0 }], [{ partition: 0, offset: 0 }]])
    await settled()
    expect(commits).toHaveLength(2)
    expect(commits[1]!.appends).toHaveLength(1)
    commits[1]!.finish()
    const offsets = (await Promise.all(later)).map(([position]) => position!.offset)
    expect(offsets).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(commits[1]!.appends[0]!.messages.map(({ key }) => key)).toEqual(offsets.map((offset) => `${offset - 1}`))
  })

  it('bounds a commit in bytes without dividing a call', async () => {
    const { queue, commits } = fakeLog(1)
    const megabytes = (count: number) => Array.from({ length: count }, () => ({ key: 'k', value: new Uint8Array(1e6) }))
    const calls = [1, 1, 9, 1, 3].map((count) => queue.add('ratings', megabytes(count)))
    for (const expected of [2, 9, 4]) {
      await settled()
      expect(commits.at(-1)!.appends[0]!.messages).toHaveLength(expected)
      commits.at(-1)!.finish()
    }
    expect((await Promise.all(calls)).map(([position]) => position!.offset)).toEqual([0, 1, 2, 11, 12])
  })

  it('rejects the calls of a commit that fails, and goes on with the next', async () => {
    const { queue, commits } = fakeLog(1)
    const failing = Promise.allSettled([queue.add('ratings', [message('a')]), queue.add('ratings', [message('b')])])
    await settled()
    const next = queue.add('ratings', [message('c')])
    commits[0]!.fail(new Error('disk full'))
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await settled()
    commits[1]!.finish()
    expect(await next).toEqual([{ partition: 0, offset: 0 }])
  })

  it('is drained when everything has been committed', async () => {
    const { queue, commits } = fakeLog(1)
    await queue.drained()
    void queue.add('ratings', [message('a')])
    let drained = false
    void queue.drained().then(() => {
      drained = true
    })
    await settled()
    expect(drained).toBe(false)
    commits[0]!.finish()
    await settled()
    expect(drained).toBe(true)
  })
})
