// What a trainer costs those who are served on the same machine: requests at a modest rate, in turns while nothing else
// goes on and while a release is trained as `start` trains it.
import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { openBroker } from '../src/bin/adapters.ts'
import { trainOnSchedule } from '../src/bin/training-schedule.ts'
import { writeTrainingSet } from '../src/models/training-set-file.ts'
import { announce } from '../src/releases/announcements.ts'
import { type Benchmark, cpuSecondsOf, inFreshHome, percentile, processTree, rounded } from './benchmark.ts'
import { askSlate, steadily } from './requests.ts'
import { fold, startServer, stop } from './serving-process.ts'
import { readAll, writeRelease } from './trained-release.ts'

const REQUESTS_PER_SECOND = 40
const USERS = 300
const WARM_UP_MS = 10_000
const TURN_MS = 20_000
/** Of each side. */
const TURNS = 2
/** Longer than a turn: a trainer is ended before it has published anything, so that all are served by one release. */
const NEXT_TRAINING_MS = 3600_000
const VERSION = 'in-service'

interface Side {
  readonly tookMs: number[]
  failed: number
  trainerCpuSeconds: number
}

export const run: Benchmark = ({ config: given, data, status }) =>
  inFreshHome(given, async (fresh) => {
    const config = { ...fresh, releasesDir: undefined }
    status('folding')
    const users = (await fold(config, data)).slice(0, USERS)
    status('training what serves')
    const broker = await openBroker(config)
    const set = await readAll(config, broker)
    await writeRelease(config, set, VERSION, 1)
    await announce(broker, { version: VERSION, watermark: 0 })
    const program = fileURLToPath(new URL('../src/bin/tributary.mjs', import.meta.url))
    const server = await startServer([program, 'serve', '--home', config.home, '--port', '0'])
    const agent = new Agent({ keepAlive: true })
    const others = processTree(process.pid)
    const alone: Side = { tookMs: [], failed: 0, trainerCpuSeconds: 0 }
    const besideTraining: Side = { tookMs: [], failed: 0, trainerCpuSeconds: 0 }
    status('warming up')
    await requests(WARM_UP_MS, { tookMs: [], failed: 0, trainerCpuSeconds: 0 })
    for (let turn = 1; turn <= TURNS; turn++) {
      status(`alone, turn ${turn} of ${TURNS}`)
      await requests(TURN_MS, alone)
      status(`beside training, turn ${turn} of ${TURNS}`)
      const stopping = new AbortController()
      let said = ''
      const schedule = {
        config,
        signal: stopping.signal,
        exportSet: async (path: string) => writeTrainingSet(path, set),
        onProgress: () => {},
        onMessage: (text: string) => {
          said = text
        },
      }
      const training = trainOnSchedule(schedule, NEXT_TRAINING_MS)
      await requests(TURN_MS, besideTraining)
      const [trainer] = processTree(process.pid).filter((pid) => !others.includes(pid))
      if (trainer === undefined) throw new Error(`the trainer ended before its turn did: ${said}`)
      besideTraining.trainerCpuSeconds += cpuSecondsOf(trainer)
      stopping.abort()
      await training
    }
    await stop(server.process)
    agent.destroy()
    await broker.close()
    return {
      requestsPerSecond: REQUESTS_PER_SECOND,
      alone: figuresOf(alone),
      besideTraining: figuresOf(besideTraining),
    }

    async function requests(forMs: number, side: Side): Promise<void> {
      const end = performance.now() + forMs
      await steadily(
        REQUESTS_PER_SECOND,
        () => performance.now() >= end,
        async (number) => {
          const sentAt = performance.now()
          const answered = await askSlate(server.url, users[number % users.length]!, agent).catch(() => undefined)
          if (answered?.release !== VERSION) side.failed++
          side.tookMs.push(performance.now() - sentAt)
        },
      )
    }
  })

function figuresOf({ tookMs, failed, trainerCpuSeconds }: Side): object {
  const sorted = tookMs.toSorted((a, b) => a - b)
  const [p50Ms, p90Ms, p99Ms] = [50, 90, 99].map((percent) => rounded(percentile(sorted, percent)))
  return { requests: sorted.length, failed, p50Ms, p90Ms, p99Ms, trainerCpuSeconds: rounded(trainerCpuSeconds, 1) }
}
