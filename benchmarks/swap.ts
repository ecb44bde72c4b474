// Releases swapped under load, the server in a process of its own: does a request fail, is an answer ever of two
// releases, how late are answers while one is loaded beside the other, and does the memory come back (what is alive after
// a garbage collection, before all swaps and after them)?
import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { openBroker } from '../src/bin/adapters.ts'
import { announce } from '../src/releases/announcements.ts'
import { type Benchmark, inFreshHome, percentile, rounded, until } from './benchmark.ts'
import { liveMiB, MEMORY_REPORT } from './memory-report.ts'
import { askSlate, steadily } from './requests.ts'
import { fold, rssMiB, startServer, stop } from './serving-process.ts'
import { readAll, writeRelease } from './trained-release.ts'

const SWAPS = 20
/** Of what the server can answer, as measured before: more would measure a queue. */
const LOAD = 0.5
const CAPACITY_CONNECTIONS = 4
const CAPACITY_MS = 3_000
const USERS = 300
const WARM_UP_MS = 5_000
/** Between a swap and the next. */
const PAUSE_MS = 2_000
/** What the garbage collector and the allocator keep for later grows with the first swaps: what is kept for good, with all. */
const RSS_AFTER = [0, 5, 10, 15, 20]
const VERSIONS = ['swap-0', 'swap-1'] as const

interface Answer {
  readonly sentMs: number
  readonly tookMs: number
  readonly release: string
  readonly failed: boolean
  /** Not what the release it names answers when nothing else happens. */
  readonly mixed: boolean
}

export const run: Benchmark = ({ config: given, data, status }) =>
  inFreshHome(given, async (fresh) => {
    const config = { ...fresh, releasesDir: undefined }
    status('folding')
    const users = (await fold(config, data)).slice(0, USERS)
    status('training two releases')
    const broker = await openBroker(config)
    const set = await readAll(config, broker)
    for (const [seed, version] of VERSIONS.entries()) await writeRelease(config, set, version, seed)
    const program = fileURLToPath(new URL('../src/bin/tributary.mjs', import.meta.url))
    const server = await startServer([...MEMORY_REPORT, program, 'serve', '--home', config.home, '--port', '0'])
    const agent = new Agent({ keepAlive: true })
    const ask = (user: string) => askSlate(server.url, user, agent)
    // Outside of what is measured, a server that has too much to do is asked again.
    const asked = (user: string) => ask(user).catch(() => undefined)
    const promote = async (version: string) => {
      await announce(broker, { version, watermark: 0 })
      while ((await asked(users[0]!))?.release !== version) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const expected = new Map<string, string>()
    for (const version of VERSIONS) {
      status(`what ${version} answers`)
      await promote(version)
      for (const user of users) {
        let answer: Awaited<ReturnType<typeof asked>>
        while (!answer) answer = await asked(user)
        expected.set(`${version} ${user}`, answer.items)
      }
    }

    status('capacity')
    const capacity = await requestsPerSecond(users, asked)
    const rate = LOAD * capacity
    const liveBefore = await liveMiB(server.process)
    const answers: Answer[] = []
    let stopped = false
    const flow = steadily(
      rate,
      () => stopped,
      (number) => request(users[number % users.length]!),
    )
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
    answers.length = 0
    const rss = [rssMiB(server.process.pid!)]
    const windows: { from: number; to: number }[] = []
    for (let swap = 0; swap < SWAPS; swap++) {
      status(`swap ${swap + 1} of ${SWAPS}`)
      const version = VERSIONS[swap % 2]!
      const from = performance.now()
      await announce(broker, { version, watermark: 0 })
      // The requests that flow anyway say when it is over: to ask besides would be load that comes with swaps alone.
      await until(() => answers.at(-1)?.release === version, 1)
      windows.push({ from, to: performance.now() })
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      rss.push(rssMiB(server.process.pid!))
    }
    stopped = true
    await flow
    const liveAfter = await liveMiB(server.process)
    await stop(server.process)
    agent.destroy()
    await broker.close()
    return {
      capacityPerSecond: Math.round(capacity),
      requestsPerSecond: Math.round(rate),
      ...figuresOf(answers, windows),
      liveMiB: { before: liveBefore, after: liveAfter },
      rssMiBAfterSwaps: Object.fromEntries(RSS_AFTER.map((swaps) => [swaps, rss[swaps]])),
    }

    async function request(user: string): Promise<void> {
      const sentMs = performance.now()
      try {
        const { release, items } = await ask(user)
        const mixed = expected.get(`${release} ${user}`) !== items
        answers.push({ sentMs, tookMs: performance.now() - sentMs, release, failed: false, mixed })
      } catch {
        answers.push({ sentMs, tookMs: performance.now() - sentMs, release: '', failed: true, mixed: false })
      }
    }
  })

/** As many as a few connections that never pause get answered. */
async function requestsPerSecond(users: readonly string[], ask: (user: string) => Promise<unknown>): Promise<number> {
  const until = performance.now() + CAPACITY_MS
  let answered = 0
  const connection = async () => {
    while (performance.now() < until) await ask(users[answered++ % users.length]!)
  }
  await Promise.all(Array.from({ length: CAPACITY_CONNECTIONS }, connection))
  return (1000 * answered) / CAPACITY_MS
}

function figuresOf(answers: readonly Answer[], windows: readonly { from: number; to: number }[]) {
  const during = ({ sentMs, tookMs }: Answer) => windows.some(({ from, to }) => sentMs < to && sentMs + tookMs > from)
  const times = (of: readonly Answer[]) => of.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const [inside, outside] = [times(answers.filter(during)), times(answers.filter((answer) => !during(answer)))]
  const swapMs = windows.map(({ from, to }) => to - from).sort((a, b) => a - b)
  return {
    requests: answers.length,
    failed: answers.filter(({ failed }) => failed).length,
    mixedReleases: answers.filter(({ mixed }) => mixed).length,
    swaps: windows.length,
    swapP50Ms: Math.round(percentile(swapMs, 50)),
    requestsDuringSwaps: inside.length,
    p50Ms: rounded(percentile(outside, 50)),
    p50DuringSwapMs: rounded(percentile(inside, 50)),
    p99Ms: rounded(percentile(outside, 99)),
    p99DuringSwapMs: rounded(percentile(inside, 99)),
    p99Ratio: rounded(percentile(inside, 99) / percentile(outside, 99)),
  }
}
