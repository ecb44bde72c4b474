import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../src/config/config.ts'

export interface BenchmarkOptions {
  readonly config: Config
  /** Data set by name or path. */
  readonly data: string
  /** Of the data set, from its beginning, at most. */
  readonly maxEvents: number
  readonly status: (text: string) => void
  /** Embedded, or over the servers in the environment, or else in containers. */
  readonly deployment: 'embedded' | 'distributed'
  /** Servers that share the requests. */
  readonly processes: number
  /** Whether a release of every model is served. */
  readonly trained: boolean
}

export type Figures = Record<string, unknown>
export type Benchmark = (options: BenchmarkOptions) => Promise<Figures>

/** Runs in a home of its own that is removed afterwards. */
export async function inFreshHome<T>(config: Config, use: (config: Config) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  try {
    return await use({
      ...config,
      home,
      ...(config.movielensDir ? {} : { movielensDir: join(config.home, 'datasets') }),
    })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** The most memory this process has held, MiB, as Linux counts it. */
export function peakRssMiB(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
  return Math.round(Number(line?.[1]) / 1024)
}

/** The memory this process holds now. */
export function residentMiB(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}

/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100

/** Processor time of another process, on Linux. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** A process and those it has started, on Linux. */
export function processTree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => processTree(Number(child)))]
}

/** @param sorted ascending */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))]!
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits))
}

export async function until(condition: () => boolean | Promise<boolean>, everyMs = 5): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, everyMs))
}
