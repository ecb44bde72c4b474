// Kills the program's processes at random moments, over and over, until a data set has been replayed: what they leave
// must be what an undisturbed run leaves.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest } from '../src/bin/digest.ts'
import type { PartitionPositions } from '../src/event-log/positions.ts'
import { Deployment, differences } from './deployment.ts'
import { pick, seededRandom } from './fakes/seeded-random.ts'

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
  readonly undisturbed: Digest
  readonly disturbed: Digest
  /** Tables in which the two differ. */
  readonly differences: readonly string[]
  /** Of the disturbed run's event log. */
  readonly positions: readonly PartitionPositions[]
}

type Command = 'replay' | 'consume' | 'start'

const EVENTS_PER_ROUND = 10_000
/** Of a synthetic stream in stream time, and of a round's share in wall time when it flows. */
const SPAN_S = 730 * 86_400
const FLOW_S = 3

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
  await using calm = await Deployment.open({ home: join(folder, 'undisturbed'), data })
  const undisturbed = await calm.finish()
  await using wild = await Deployment.open({ home: join(folder, 'disturbed'), data })
  const { kills, roundsWithLag } = await disturb(wild, options)
  const disturbed = await wild.finish()
  return {
    events,
    kills,
    roundsWithLag,
    undisturbed,
    disturbed,
    differences: differences(undisturbed, disturbed),
    positions: await wild.positions(),
  }
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
    run(wild, isLate ? ['start'] : ['replay', 'consume'], rounds, random)
    const { after, delayMs } = pick(MOMENTS, random)
    if (after === 'first work') await wild.working(victims)
    const waitedMs = delayMs(random())
    await sleep(waitedMs)
    const killed = await wild.kill(victims)
    for (const command of killed) kills[command as Command]++
    const { produced, folded } = await wild.progress()
    if (folded < produced) roundsWithLag++
    const what = `${killed.join(' and ') || 'nothing'} ${waitedMs.toFixed()} ms after ${after}`
    onRound(`round ${round}: killed ${what}; ${produced} produced, ${folded} folded`)
  }
  await wild.kill(['replay', 'consume', 'start'])
  return { kills, roundsWithLag }
}

const VICTIMS: readonly Command[][] = [['consume'], ['replay'], ['consume', 'replay']]

/** Starts those that are not running: batches are of any size, and a replay is a burst or a flow. */
function run(wild: Deployment, commands: readonly Command[], rounds: number, random: () => number): void {
  const env = {
    TRIBUTARY_MAX_BATCH: String(1 + Math.floor(random() * 1000)),
    TRIBUTARY_COMMIT_EVENTS: String(1 + Math.floor(random() * 8000)),
  }
  // A speed at which the events of a round take some seconds.
  const flow = `${Math.ceil(SPAN_S / rounds / FLOW_S)}x`
  const replay = ['--limit', String(EVENTS_PER_ROUND), '--speed', random() < 0.5 ? 'max' : flow]
  for (const command of commands) {
    if (!wild.isRunning(command)) wild.start(command, command === 'replay' ? replay : [], env)
  }
}
