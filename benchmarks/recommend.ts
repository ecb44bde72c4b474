// GET /recommend under load, the server in a process of its own. Baseline: a bare fastify route that answers a canned
// list of 20, measured the same way in the same run. With `--trained` a release of every model is in service, quickly made:
// what it says is of little worth, what it costs is that of a better one.
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { openRecommender } from '../src/bin/open-recommender.ts'
import { openData } from '../src/bin/roles/replay.ts'
import type { Config } from '../src/config/config.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { replay } from '../src/producers/replay.ts'
import { announce } from '../src/releases/announcements.ts'
import { type Benchmark, cpuSecondsOf, inFreshHome, percentile, processTree, rounded, until } from './benchmark.ts'
import { startDistributed, startEmbedded } from './parts.ts'
import { rssMiB as rss, startServer, stop } from './serving-process.ts'
import { readAll, writeRelease } from './trained-release.ts'

const CONNECTIONS = [1, 8, 32]
const SECONDS = 8
const BARE_WARM_UP_SECONDS = 3
/** Requests a server process answers before it is measured: by then the compiler has settled. */
const WARM_UP_REQUESTS = 4_000
const STAGE_REQUESTS = 300
const ALONE_REQUESTS = 2_000
const VERSION = 'measured'

export const run: Benchmark = ({ config: given, data, maxEvents, deployment, processes, trained, status }) =>
  inFreshHome(given, async (config) => {
    status('folding')
    await using parts = await (deployment === 'embedded' ? startEmbedded(config) : startDistributed(config))
    const dataset = await openData(data, config, new ProblemList())
    const events = Math.min(dataset.size, maxEvents)
    await replay({ broker: parts.broker, dataset, untilSequence: events })
    await parts.caughtUp(events)
    await parts.stopConsuming()
    if (trained) {
      status('training')
      await writeRelease(config, await readAll(config, parts.broker), VERSION, 1, true)
      await announce(parts.broker, { version: VERSION, watermark: 0 })
    }
    const users = dataset.userIds
    status('without HTTP')
    const withoutHttp = deployment === 'embedded' ? await slatesAlone(config, users, trained) : undefined
    const program = fileURLToPath(new URL('../src/bin/tributary.mjs', import.meta.url))
    const serve = ['serve', '--home', config.home, '--port', '0', '--processes', `${processes}`]
    const ours = await startServer([program, ...serve], parts.env)
    const servers = processTree(ours.process.pid!)
    const cpuSeconds = () => servers.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
    const paths = users.map((user) => `/recommend?user=${encodeURIComponent(user)}&k=20`)
    if (trained) await until(async () => (await (await fetch(ours.url + paths[0])).text()).includes(`"${VERSION}"`))
    const canned = await (await fetch(ours.url + paths[0])).text()
    const bare = await startServer([fileURLToPath(new URL('bare-server.ts', import.meta.url)), canned])
    const connections: Record<string, object> = {}
    status('warming up')
    await load(ours.url, paths, 8, { amount: WARM_UP_REQUESTS * processes })
    await load(bare.url, paths, 8, { duration: BARE_WARM_UP_SECONDS })
    const before = { server: cpuSeconds(), redis: await parts.redisCpuSeconds() }
    let answered = 0
    for (const count of CONNECTIONS) {
      status(`${count} connections`)
      const us = await load(ours.url, paths, count, { duration: SECONDS })
      answered += us.requests.total
      const them = await load(bare.url, paths, count, { duration: SECONDS })
      connections[count] = {
        requestsPerSecond: Math.round(us.requests.average),
        p50Ms: us.latency.p50,
        p90Ms: us.latency.p90,
        p99Ms: us.latency.p99,
        bareRequestsPerSecond: Math.round(them.requests.average),
        bareP99Ms: them.latency.p99,
        failed: us.non2xx + us.errors,
      }
    }
    const perRequest = (seconds: number) => rounded((1000 * seconds) / answered, 3)
    const redis = await parts.redisCpuSeconds()
    const cpu = {
      cpuMsPerRequest: perRequest(cpuSeconds() - before.server),
      ...(redis !== undefined && { redisCpuMsPerRequest: perRequest(redis - before.redis!) }),
    }
    const stagesMs = await stages(ours.url, users)
    const rssMiB = servers.reduce((sum, pid) => sum + rss(pid), 0)
    await Promise.all([stop(ours.process), stop(bare.process)])
    return { deployment, trained, connections, ...cpu, stagesMs, withoutHttp, processes, rssMiB }
  })

/** What a slate costs this process, asked for one after another without HTTP: to be looked into with a profiler. */
async function slatesAlone(config: Config, users: readonly string[], trained: boolean) {
  const open = await openRecommender(config)
  const ask = (request: number) => open.recommender.recommend({ userId: users[request % users.length]!, k: 20 })
  if (trained) await until(async () => (await ask(0)).release === VERSION)
  for (let request = 0; request < ALONE_REQUESTS; request++) await ask(request)
  const times: number[] = []
  const before = process.cpuUsage()
  for (let request = 0; request < ALONE_REQUESTS; request++) {
    const start = performance.now()
    await ask(request)
    times.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(before)
  await open.close()
  times.sort((a, b) => a - b)
  return {
    p50Ms: rounded(percentile(times, 50), 3),
    p99Ms: rounded(percentile(times, 99), 3),
    cpuMs: rounded((user + system) / 1000 / ALONE_REQUESTS, 3),
  }
}

function load(
  url: string,
  paths: readonly string[],
  connections: number,
  until: { duration: number } | { amount: number },
) {
  const requests = paths.slice(0, 1000).map((path) => ({ method: 'GET' as const, path }))
  return autocannon({ url, connections, ...until, requests })
}

/** Mean milliseconds of each stage over some requests, one at a time. */
async function stages(url: string, users: readonly string[]): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const user of users.slice(0, STAGE_REQUESTS)) {
    const answer = await fetch(`${url}/recommend?user=${encodeURIComponent(user)}&k=20&debug=true`)
    const { debug } = (await answer.json()) as { debug: { stagesMs: Record<string, number> } }
    for (const [stage, ms] of Object.entries(debug.stagesMs)) sums[stage] = (sums[stage] ?? 0) + ms
  }
  return Object.fromEntries(Object.entries(sums).map(([stage, sum]) => [stage, rounded(sum / STAGE_REQUESTS, 3)]))
}
