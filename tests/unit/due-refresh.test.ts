import { afterEach, describe, expect, test, vi } from 'vitest'
import type { TopLists } from '../../src/retrieval/online/top-lists.ts'
import { DueRefresh } from '../../src/serving/due-refresh.ts'

const REFRESH_MS = 100
const TOO_OLD_MS = 1000

afterEach(() => {
  vi.useRealTimers()
})

function fixture() {
  vi.useFakeTimers({ toFake: ['performance', 'setImmediate'] })
  let readings = 0
  let reading = Promise.resolve()
  const online = {
    table: undefined,
    refresh: () => {
      readings++
      return reading
    },
  }
  const lists = { popular: [1], refresh: () => {} }
  return {
    refresh: new DueRefresh(online as never, lists as unknown as TopLists, { size: 1 }),
    readings: () => readings,
    read: (as: Promise<void>) => {
      reading = as
    },
  }
}

describe('what is read again when it is due', () => {
  test('is waited for the first time, and not read again before it is due', async () => {
    const { refresh, readings } = fixture()
    await refresh.ifDue([])
    await refresh.ifDue([])
    expect(readings()).toBe(1)
  })

  test('is read behind the answer of who finds it due', async () => {
    const { refresh, readings } = fixture()
    await refresh.ifDue([])
    vi.advanceTimersByTime(REFRESH_MS + 1)
    await refresh.ifDue([])
    await refresh.ifDue([])
    expect(readings()).toBe(1)
    vi.runAllTicks()
    vi.advanceTimersByTime(0)
    expect(readings()).toBe(2)
  })

  test('is waited for once it is too old', async () => {
    const { refresh, readings } = fixture()
    await refresh.ifDue([])
    vi.advanceTimersByTime(TOO_OLD_MS + 1)
    await refresh.ifDue([])
    expect(readings()).toBe(2)
  })

  test('names what could not be read to who asks after that', async () => {
    const { refresh, read } = fixture()
    await refresh.ifDue([])
    vi.advanceTimersByTime(REFRESH_MS + 1)
    const failing = Promise.reject(new Error('away'))
    failing.catch(() => {})
    read(failing)
    const unharmed: string[] = []
    await refresh.ifDue(unharmed)
    await vi.advanceTimersByTimeAsync(REFRESH_MS + 1)
    const degraded: string[] = []
    await refresh.ifDue(degraded)
    expect([unharmed, degraded]).toEqual([[], ['item-statistics']])
  })
})
