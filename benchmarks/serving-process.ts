// A server in a process of its own, over state that a data set was folded into.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openBroker } from '../src/bin/adapters.ts'
import type { ConsumeProgress } from '../src/bin/roles/consume.ts'
import { openData } from '../src/bin/roles/replay.ts'
import { SERVING_FLAGS } from '../src/bin/serving-flags.mjs'
import { startConsumers } from '../src/bin/threads.ts'
import type { Config } from '../src/config/config.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { replay } from '../src/producers/replay.ts'
import { until } from './benchmark.ts'

/** Answers the users of the data set. */
export async function fold(config: Config, data: string): Promise<readonly string[]> {
  let progress: ConsumeProgress | undefined
  const consumer = startConsumers(config, (consumed) => {
    progress = consumed
  })
  const dataset = await openData(data, config, new ProblemList())
  const broker = await openBroker(config)
  await replay({ broker, dataset })
  await until(() => (progress?.events ?? 0) >= dataset.size && progress?.logLag === 0)
  await consumer.stop()
  await broker.close()
  return dataset.userIds
}

export async function startServer(args: string[], env = {}): Promise<{ url: string; process: ChildProcess }> {
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const
  // Begun with its flags: with a channel it cannot begin anew to get them.
  const child = spawn(process.execPath, [...SERVING_FLAGS, ...args], {
    stdio: [...stdio],
    env: { ...process.env, ...env },
  })
  const [url] = await once(createInterface({ input: child.stdout! }), 'line')
  return { url, process: child }
}

export async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'exit')
}

export function rssMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(line?.[1]) / 1024)
}
