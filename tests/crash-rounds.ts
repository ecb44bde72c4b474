// Kills the program's processes at random moments, over and over, until a data set has been replayed: what they leave
// must be what an undisturbed run leaves.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../src/broker/broker.ts'
import { openLmdbBroker } from '../src/broker/lmdb-broker.ts'
import { openChdbEventLog } from '../src/event-log/chdb-event-log.ts'
import { checkPositions, type PartitionPositions } from '../src/event-log/positions.ts'
import { LIVE_GROUP } from '../src/state/keys.ts'
import { openLmdbStateStore } from '../src/state/lmdb-state-store.ts'
import type { StateStore } from '../src/state/state-store.ts'
import { pick, seededRandom } from './fakes/seeded-random.ts'
import { outputOf, type Program, startProgram } from './programs.ts'

export interface CrashOptions {
  /** An empty folder for the homes of both runs. */
  readonly folder: string
  readonly rounds: number
  readonly seed: number
  /** Told, once a round, what was killed and when. */
  readonly onRound?: (text: string) => void
}

export interface CrashOutcome {
  readonly events: number
  /** Processes that died of it. */
  readonly kills: Readonly<Record<Command, number>>
  /** Rounds that left something produced and not folded. */
  readonly roundsWithLag: number
  /** As `state digest --json` says. */
  readonly undisturbed: Digest
  readonly disturbed: Digest
  /** Tables in which the two differ. */
  readonly differences: readonly string[]
  /** Of the disturbed run's event log. */
  readonly positions: readonly PartitionPositions[]
}

export type Digest = Readonly<Record<string, { readonly entries: number; readonly hash: string }>>
type Command = 'replay' | 'consume' | 'start'

const EVENTS_PER_ROUND = 10_000
/** Of a synthetic stream in stream time, and of a round's share in wall time when it flows. */
const SPAN_S = 730 * 86_400
const FLOW_S = 3
const PARTITIONS = 4

/** When a process is killed: so long after its start, or after the first sign of its work. */
interface Moment {
  readonly after: 'start' | 'first work'
  readonly delayMs: (random: number) => number
}

const MOMENTS: readonly Moment[] = [
  { after: 'start', delayMs: (random) => random * 1500 },
  { after: 'first work', delayMs: (random) => random ** 4 * 1500 },
  // The event log is written a second after the first event.
  { after: 'first work', delayMs: (random) => 1000 + random * 300 },
]

export async function crashRounds(options: CrashOptions): Promise<CrashOutcome> {
  const { folder, rounds, seed } = options
  const events = rounds * EVENTS_PER_ROUND
  const data = `synthetic-${seed}-${rounds * 60}-400-${events}`
  await using calm = new Deployment(join(folder, 'undisturbed'), data, rounds)
  const undisturbed = await calm.finish()
  await using wild = new Deployment(join(folder, 'disturbed'), data, rounds)
  const { kills, roundsWithLag } = await disturb(wild, options)
  const disturbed = await wild.finish()
  const differences = Object.keys(undisturbed).filter(
    (table) => JSON.stringify(undisturbed[table]) !== JSON.stringify(disturbed[table]),
  )
  return { events, kills, roundsWithLag, undisturbed, disturbed, differences, positions: await wild.positions() }
}

async function disturb(wild: Deployment, { rounds, seed, onRound = () => {} }: CrashOptions) {
  const random = seededRandom(seed)
  const kills = { replay: 0, consume: 0, start: 0 }
  let roundsWithLag = 0
  for (let round = 1; round <= rounds; round++) {
    // `start` takes nine tenths of the data at once, so it comes last.
    const isLate = round > rounds * 0.8
    const victims: Command[] = isLate ? ['start'] : pick(VICTIMS, random)
    if (isLate) await wild.kill(['replay', 'consume'])
    wild.run(isLate ? ['start'] : ['replay', 'consume'], random)
    const { after, delayMs } = pick(MOMENTS, random)
    if (after === 'first work') await wild.working(victims)
    const waitedMs = delayMs(random())
    await sleep(waitedMs)
    const killed = await wild.kill(victims)
    for (const command of killed) kills[command]++
    const { produced, folded } = await wild.progress()
    if (folded < produced) roundsWithLag++
    const what = `${killed.join(' and ') || 'nothing'} ${waitedMs.toFixed()} ms after ${after}`
    onRound(`round ${round}: killed ${what}; ${produced} produced, ${folded} folded`)
  }
  await wild.kill(['replay', 'consume', 'start'])
  return { kills, roundsWithLag }
}

const VICTIMS: readonly Command[][] = [['consume'], ['replay'], ['consume', 'replay']]

/** A home and the processes that run in it. */
class Deployment {
  readonly #home: string
  readonly #data: string
  /** A speed at which the events of a round take some seconds. */
  readonly #flow: string
  /** To look on. */
  readonly #broker: Broker
  readonly #store: StateStore
  readonly #running = new Map<Command, Program>()

  constructor(home: string, data: string, rounds: number) {
    mkdirSync(home)
    this.#home = home
    this.#data = data
    this.#flow = `${Math.ceil(SPAN_S / rounds / FLOW_S)}x`
    this.#broker = openLmdbBroker({ path: join(home, 'log'), partitions: PARTITIONS })
    this.#store = openLmdbStateStore({ path: join(home, 'state'), partitions: PARTITIONS })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.values()) await program.kill('SIGKILL')
    await this.#broker.close()
    await this.#store.close()
  }

  /** Starts those that are not running: batches are of any size, and a replay is a burst or a flow. */
  run(commands: readonly Command[], random: () => number): void {
    const env = {
      TRIBUTARY_MAX_BATCH: String(1 + Math.floor(random() * 1000)),
      TRIBUTARY_COMMIT_EVENTS: String(1 + Math.floor(random() * 8000)),
    }
    const replay = ['--limit', String(EVENTS_PER_ROUND), '--speed', random() < 0.5 ? 'max' : this.#flow]
    for (const command of commands) {
      if (this.#running.get(command)?.running) continue
      const args = [...this.#args(command), ...(command === 'replay' ? replay : [])]
      this.#running.set(command, startProgram(args, { home: this.#home, env }))
    }
  }

  /** SIGKILL; answers which of them it met alive. A consumer or server that had ended by itself is an error. */
  async kill(commands: readonly Command[]): Promise<Command[]> {
    const programs = commands.flatMap((command) => {
      const program = this.#running.get(command)
      return program ? [{ command, ended: program.kill('SIGKILL') }] : []
    })
    const killed: Command[] = []
    for (const { command, ended } of programs) {
      const { code, signal, stdout, stderr } = await ended
      this.#running.delete(command)
      if (signal) killed.push(command)
      else if (command !== 'replay' || code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`)
    }
    return killed
  }

  /** Replays what is left, folds it, and answers what it has all come to. */
  async finish(): Promise<Digest> {
    const replayed = JSON.parse(await outputOf(this.#args('replay'), { home: this.#home }))
    if (replayed.end !== 'complete') throw new Error(`the replay is ${replayed.end} at ${replayed.position}`)
    const consumer = startProgram(this.#args('consume'), { home: this.#home })
    this.#running.set('consume', consumer)
    await consumer.printed(/\(lag 0\).*\(lag 0\)/)
    const { code, stderr } = await consumer.kill('SIGTERM')
    if (code !== 0) throw new Error(`consume ended with ${code}: ${stderr}`)
    return JSON.parse(await outputOf(['state', 'digest', '--json', '--home', this.#home], { home: this.#home }))
  }

  /** Resolves once each of them has done something since it was started, or has ended. */
  async working(commands: readonly Command[]): Promise<void> {
    const before = await this.progress()
    const hasWorked = async (command: Command) => {
      const { produced, folded } = await this.progress()
      const done = command === 'replay' ? produced > before.produced : folded > before.folded
      return done || !this.#running.get(command)!.running
    }
    for (const command of commands) while (!(await hasWorked(command))) await sleep(2)
  }

  /** Ratings in the log, and in the state. */
  async progress(): Promise<{ produced: number; folded: number }> {
    const bounds = await this.#broker.bounds('ratings')
    const offsets = await Promise.all(bounds.map((_, partition) => this.#store.offsets(LIVE_GROUP, partition)))
    return {
      produced: bounds.reduce((sum, { end }) => sum + end, 0),
      folded: offsets.reduce((sum, { ratings = 0 }) => sum + ratings, 0),
    }
  }

  async positions(): Promise<PartitionPositions[]> {
    const log = await openChdbEventLog({ path: join(this.#home, 'events') })
    const positions = await checkPositions(log)
    await log.close()
    return positions
  }

  #args(command: Command): string[] {
    const home = ['--home', this.#home]
    if (command === 'consume') return ['consume', ...home]
    if (command === 'replay') return ['replay', ...home, '--data', this.#data, '--json']
    return ['start', ...home, '--data', this.#data, '--port', '0']
  }
}
