// The replay through Kafka, Redis and ClickHouse, with several numbers of consumer processes; each run must end in the
// state of an embedded one.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBroker, openEventLog } from '../src/bin/adapters.ts'
import type { Digest } from '../src/bin/digest.ts'
import { openData } from '../src/bin/roles/replay.ts'
import type { Dataset } from '../src/producers/datasets/dataset.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { replay } from '../src/producers/replay.ts'
import { ownNames, type Servers, startServers, stopServers } from '../tests/containers/servers.ts'
import { Deployment, differences } from '../tests/deployment.ts'
import { type BenchmarkOptions, cpuSecondsOf, type Figures, rounded } from './benchmark.ts'
import { redisMemory } from './redis-memory.ts'

const CONSUMERS = [1, 2, 4]
const LOOK_EVERY_MS = 20

/** @param embedded the digest that every run must come to */
export async function replayDistributed(options: BenchmarkOptions, embedded: Digest): Promise<Figures> {
  const dataset = await openData(options.data, options.config, new ProblemList())
  const events = Math.min(dataset.size, options.maxEvents)
  const servers = await startServers()
  try {
    const consumers: Record<string, Figures> = {}
    for (const count of CONSUMERS)
      consumers[count] = await replayWith(count, servers, dataset, events, options, embedded)
    return { events, consumers }
  } finally {
    await stopServers(servers)
  }
}

async function replayWith(
  count: number,
  servers: Servers,
  dataset: Dataset,
  events: number,
  { data, config: { movielensDir, home: cache }, status }: BenchmarkOptions,
  embedded: Digest,
): Promise<Figures> {
  const home = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  const names = await ownNames(servers)
  const env = { ...names.env, MOVIELENS_DIR: movielensDir ?? join(cache, 'datasets') }
  try {
    await using deployment = await Deployment.open({ home, data, env })
    const { config } = deployment
    const programs = Array.from({ length: count }, (_, i) => deployment.start(`consume-${i + 1}`))
    await Promise.all(programs.map((program) => program.printed(/folded/)))
    const broker = await openBroker(config)
    const log = await openEventLog(config)
    const cpu = async () => ({
      producer: ownCpuSeconds(),
      consumers: programs.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
      kafka: await servers.KAFKA_BROKERS.cpuSeconds(),
      redis: await servers.REDIS_URL.cpuSeconds(),
      clickhouse: await servers.CLICKHOUSE_URL.cpuSeconds(),
    })
    const before = await cpu()
    const start = performance.now()
    await replay({ broker, dataset, untilSequence: events })
    const produced = performance.now()
    await until(async () => {
      const { folded } = await deployment.progress()
      status(`${count} consumers: folded ${folded} of ${events}`)
      return folded >= events
    })
    const folded = performance.now()
    await until(async () => sum((await log.offsets('ratings')).values()) >= events)
    const logged = performance.now()
    const after = await cpu()
    await broker.close()
    await log.close()
    const digest = await deployment.settle()
    const seconds = (logged - start) / 1000
    const { address } = servers.REDIS_URL
    return {
      eventsPerSecond: Math.round(events / seconds),
      producedAfterSeconds: rounded((produced - start) / 1000),
      foldedAfterSeconds: rounded((folded - start) / 1000),
      loggedAfterSeconds: rounded(seconds),
      cpuSeconds: difference(before, after),
      redisMemory: await redisMemory(address, config.namespace),
      equalToEmbedded: differences(embedded, digest).length === 0 || differences(embedded, digest),
    }
  } finally {
    await names.drop()
    await rm(home, { recursive: true, force: true })
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
}

function sum(values: Iterable<number>): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function difference<T extends Record<string, number | undefined>>(before: T, after: T): Figures {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value === undefined ? null : rounded(value - before[name]!)]),
  )
}
