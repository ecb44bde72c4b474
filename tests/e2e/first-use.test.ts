import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Bounds } from '../../src/broker/broker.ts'
import type { Slate, UserView } from '../../src/serving/recommender.ts'
import type { Ended } from '../programs.ts'
import { outputOf } from '../programs.ts'
import { DATA, type RunningProgram, startProgram } from './start-program.ts'

const DATA_EVENTS = Number(DATA.split('-').at(-1))
/** What is played at full speed before the rest goes live. */
const HISTORY_EVENTS = 0.9 * DATA_EVENTS

let home: string
let program: RunningProgram | undefined

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'tributary-'))
})
afterAll(async () => {
  await program?.stop()
  rmSync(home, { recursive: true, force: true })
})

const within = <T>(timeoutMs: number, condition: () => Promise<T>) =>
  vi.waitFor(condition, { timeout: timeoutMs, interval: 20 })
const slateOf = async (user: string) => (await program!.get<Slate>(`/recommend?user=${user}&k=10`)).items
const idsOf = async (user: string) => (await slateOf(user)).map(({ itemId }) => itemId)
const historyOf = async (user: string) => (await program!.get<Partial<UserView>>(`/users/${user}`)).history ?? []

async function stopped(): Promise<Ended & { readonly seconds: number }> {
  const start = performance.now()
  const ended = await program!.stop()
  program = undefined
  return { ...ended, seconds: (performance.now() - start) / 1000 }
}

async function ratingsInLog(): Promise<number> {
  const { partitions } = JSON.parse(await outputOf(['inspect', 'topic', 'ratings', '--home', home], { home }))
  return partitions.reduce((sum: number, { begin, end }: Bounds) => sum + end - begin, 0)
}

/** proc_pid_stat(5), field 19. */
function niceOf(pid: number, thread: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
}

describe('a new user', () => {
  let liked: string
  let ratings: number

  it('sees the address, and soon ten recommendations for a user of the data set', async () => {
    program = await startProgram(home)
    await within(30_000, async () => {
      expect(await slateOf('u42')).toHaveLength(10)
      expect((await historyOf('u42')).length).toBeGreaterThan(5)
    })
    const seen = new Set((await historyOf('u42')).map(({ itemId }) => itemId))
    for (const { itemId, reason, section } of await slateOf('u42')) {
      expect(seen).not.toContain(itemId)
      expect(reason && section).not.toBe('')
    }
  })

  it('gets a list as someone of whom nothing is known, and another one after a like', async () => {
    await program!.printed(/now played live/)
    // On a machine that is busy with starting it, a server says so before it answers.
    const before = await within(10_000, async () => {
      const ids = await idsOf('guest')
      expect(ids).toHaveLength(10)
      return ids
    })
    expect(await historyOf('guest')).toEqual([])
    liked = before[0]!
    const feedback = JSON.stringify({ userId: 'guest', itemId: liked, kind: 'like' })
    const headers = { 'content-type': 'application/json' }
    const { status } = await fetch(`${program!.baseUrl}/feedback`, { method: 'POST', headers, body: feedback })
    expect(status).toBe(202)
    await within(5000, async () => {
      const after = await idsOf('guest')
      expect(after).toHaveLength(10)
      expect(after).not.toContain(liked)
    })
  })

  it.runIf(process.platform === 'linux' && getPriority() < 10)(
    'has the event log written by threads that yield to those that answer',
    () => {
      const { pid } = program!
      const main = niceOf(pid, pid)
      const threads = readdirSync(`/proc/${pid}/task`).map((thread) => niceOf(pid, Number(thread)))
      expect(threads.filter((nice) => nice > main).length).toBeGreaterThan(0)
    },
  )

  it('ends it with SIGTERM, within 15 s and without a word of complaint', async () => {
    const { code, seconds, stderr } = await stopped()
    expect(code).toBe(0)
    expect(seconds).toBeLessThan(15)
    expect(stderr).toBe('')
    ratings = await ratingsInLog()
    expect(ratings).toBeGreaterThanOrEqual(HISTORY_EVENTS)
    expect(ratings).toBeLessThanOrEqual(DATA_EVENTS)
  })

  it('goes on where it was when started again: with the state at once, and without replaying what had been', async () => {
    program = await startProgram(home, [])
    await within(10_000, async () => expect((await historyOf('u42')).length).toBeGreaterThan(5))
    expect(await historyOf('guest')).toMatchObject([{ itemId: liked, kind: 'like' }])
    expect(await idsOf('guest')).not.toContain(liked)
    // The live part goes on: the log grows by single events, not by the history again.
    await within(30_000, async () => expect(await ratingsInLog()).toBeGreaterThan(ratings))
    const { code, stdout } = await stopped()
    expect(code).toBe(0)
    expect(stdout).toMatch(/Going on with a synthetic stream/)
    expect(await ratingsInLog()).toBeLessThanOrEqual(DATA_EVENTS)
  })
})
