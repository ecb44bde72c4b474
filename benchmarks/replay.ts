// A data set at full speed through everything: topics, all projections, event log. Baseline: the same events appended
// to the log alone.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openBroker, openEventLog, openStateStore } from '../src/bin/adapters.ts'
import { digestOf } from '../src/bin/digest.ts'
import type { ConsumeProgress } from '../src/bin/roles/consume.ts'
import { openData } from '../src/bin/roles/replay.ts'
import { startConsumers } from '../src/bin/threads.ts'
import type { Config } from '../src/config/config.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { replay } from '../src/producers/replay.ts'
import { LIVE_GROUP } from '../src/state/keys.ts'
import { type Benchmark, type BenchmarkOptions, inFreshHome, peakRssMiB, rounded, until } from './benchmark.ts'
import { replayDistributed } from './distributed-replay.ts'

export const run: Benchmark = async (options) => {
  if (options.deployment === 'embedded') return (await replayEmbedded(options)).figures
  const { figures, digest } = await replayEmbedded(options)
  const { consumers, ...rest } = await replayDistributed(options, digest)
  return { deployment: 'distributed', ...rest, consumers, embeddedEventsPerSecond: figures.eventsPerSecond }
}

async function replayEmbedded({ config: given, data, maxEvents, status }: BenchmarkOptions) {
  const rawAppendPerSecond = await inFreshHome(given, (config) => appendAlone(config, data, maxEvents))
  return inFreshHome(given, async (config) => {
    let progress: ConsumeProgress | undefined
    const consumer = startConsumers(config, (consumed) => {
      progress = consumed
    })
    await until(() => progress !== undefined)
    const start = performance.now()
    const dataset = await openData(data, config, new ProblemList())
    const events = Math.min(dataset.size, maxEvents)
    const reading = performance.now() - start
    const broker = await openBroker(config)
    const producing = performance.now()
    await replay({ broker, dataset, untilSequence: events })
    const produced = performance.now()
    await until(() => {
      status(`folded ${progress!.events}, logged ${progress!.logged} of ${events}`)
      return progress!.events >= events && progress!.logged >= events
    })
    const seconds = (performance.now() - producing) / 1000
    const peak = peakRssMiB()
    await consumer.stop()
    await broker.close()
    const figures = {
      deployment: 'embedded',
      events,
      seconds: rounded(seconds),
      eventsPerSecond: Math.round(events / seconds),
      readSeconds: rounded(reading / 1000),
      producedPerSecond: Math.round(events / ((produced - producing) / 1000)),
      peakRssMiB: peak,
      ...(await stateSizes(config)),
      brokerBytesPerEvent: rounded(folderBytes(join(config.home, 'log')) / events),
      eventLogBytesPerEvent: await eventLogBytesPerEvent(config),
      rawAppendPerSecond,
    }
    return { figures, digest: await digestOf(config, LIVE_GROUP) }
  })
}

async function appendAlone(config: Config, data: string, maxEvents: number): Promise<number> {
  const dataset = await openData(data, config, new ProblemList())
  const broker = await openBroker(config)
  const events = Math.min(dataset.size, maxEvents)
  const start = performance.now()
  await replay({ broker, dataset, untilSequence: events })
  const seconds = (performance.now() - start) / 1000
  await broker.close()
  return Math.round(events / seconds)
}

/** Bytes of keys and values: what the state says, without the store's own overhead, and with it. */
async function stateSizes(config: Config) {
  const store = await openStateStore(config)
  const sizes = { user: 0, users: 0, item: 0, items: new Set<string>() }
  for (let partition = 0; partition < store.partitions; partition++) {
    for await (const [key, value] of store.scan(LIVE_GROUP, partition, '')) {
      const table = key.slice(0, 2)
      if (['h:', 's:', 'f:', 'p:', 't:'].includes(table)) sizes.user += key.length + value.byteLength
      else sizes.item += key.length + value.byteLength
      if (table === 'h:') sizes.users++
      if (table === 'v:') for (const item of JSON.parse(Buffer.from(value).toString())) sizes.items.add(item)
    }
  }
  await store.close()
  return {
    stateBytesPerUser: Math.round(sizes.user / Math.max(1, sizes.users)),
    stateBytesPerItem: Math.round(sizes.item / Math.max(1, sizes.items.size)),
    stateMiBOnDisk: Math.round(folderBytes(join(config.home, 'state')) / 2 ** 20),
  }
}

async function eventLogBytesPerEvent(config: Config): Promise<number> {
  const log = await openEventLog(config)
  const sql = "SELECT sum(bytes_on_disk) / sum(rows) AS bytes FROM system.parts WHERE active AND table = 'interactions'"
  const [row] = await log.query<{ bytes: number }>(sql)
  await log.close()
  return rounded(Number(row?.bytes))
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0)
}
