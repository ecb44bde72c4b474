import { describe, expect, test } from 'vitest'
import { MAX_AHEAD_MS } from '../../src/events/codec.ts'
import { publishFeedback } from '../../src/serving/feedback.ts'
import { FakeBroker } from '../fakes/fake-broker.ts'

const LIKE = { userId: '42', itemId: '7', kind: 'like' } as const

describe('publishFeedback', () => {
  test('places what has no time of its own in stream time', async () => {
    const broker = new FakeBroker()
    await publishFeedback(broker, [LIKE, { ...LIKE, at: 5 }], () => 1000)
    expect(broker.events('feedback').map((event) => event.at)).toEqual([1000, 5])
  })

  test('gives every event an id of its own', async () => {
    const ids = await publishFeedback(new FakeBroker(), Array(500).fill(LIKE), Date.now)
    expect(new Set(ids).size).toBe(500)
  })

  test('refuses all when one lies more than a day ahead of the clock, since it would move stream time', async () => {
    const broker = new FakeBroker()
    const ahead = { ...LIKE, at: Date.now() + MAX_AHEAD_MS + 60_000 }
    await expect(publishFeedback(broker, [LIKE, ahead], Date.now)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect(broker.messages).toEqual([])
  })

  test('any failure of the broker is worth another try', async () => {
    const broker = new FakeBroker()
    broker.failure = new Error('disk full')
    const failure = publishFeedback(broker, [LIKE], Date.now)
    await expect(failure).rejects.toMatchObject({ code: 'UNAVAILABLE', retriable: true, cause: broker.failure })
  })
})
