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

/** What runs in a round, what of it is killed, and when. */
interface Round {
  /** Whether the replay has come to its end before anything else is started. */
  readonly isBacklog?: true
  readonly commands: readonly Command[]
  readonly victims: readonly Command[]
  readonly moment: Moment
  readonly isBurst: boolean
  /** Records a batch, and events a commit, at most. */
  readonly maxBatch: number
  readonly commitEvents: number
}

const PARTS: readonly Command[] = ['replay', 'consume']
const VICTIMS: readonly (readonly Command[])[] = [['consume'], ['replay'], PARTS]
const AT_FIRST_WORK: Moment = { after: 'first work', delayMs: () => 0 }

/** However slow or fast the machine is: a consumer killed with most of its work before it, and a replay that flows. */
const CERTAIN: readonly Round[] = [
  {
    isBacklog: true,
    commands: ['consume'],
    victims: ['consume'],
    moment: AT_FIRST_WORK,
    isBurst: true,
    maxBatch: 50,
    commitEvents: 50,
  },
  { commands: PARTS, victims: PARTS, moment: AT_FIRST_WORK, isBurst: false, maxBatch: 1000, commitEvents: 8000 },
]

/** Batches are of any size, and a replay is a burst or a flow. */
function atRandom(isLate: boolean, random: () => number): Round {
  return {
    // `start` takes nine tenths of the data at once, so it comes last.
    commands: isLate ? ['start'] : PARTS,
    victims: isLate ? ['start'] : pick(VICTIMS, random),
    moment: pick(MOMENTS, random),
    isBurst: random() < 0.5,
    maxBatch: 1 + Math.floor(random() * 1000),
    commitEvents: 1 + Math.floor(random() * 8000),
  }
}

async function disturb(wild: Deployment, { rounds, seed, onRound = () => {} }: CrashOptions) {
  const random = seededRandom(seed)
  const kills = { replay: 0, consume: 0, start: 0 }
  let roundsWithLag = 0
  for (let round = 1; round <= rounds; round++) {
    const isLate = round > rounds * 0.8
    const { isBacklog, commands, victims, moment, ...pace } = CERTAIN[round - 1] ?? atRandom(isLate, random)
    if (isLate) await wild.kill(PARTS)
    if (isBacklog) await run(wild, 'replay', rounds, pace)?.ended
    for (const command of commands) run(wild, command, rounds, pace)
    if (moment.after === 'first work') await wild.working(victims)
    const waitedMs = moment.delayMs(random())
    await sleep(waitedMs)
    const killed = await wild.kill(victims)
    for (const command of killed) kills[command as Command]++
    const { produced, folded } = await wild.progress()
    if (folded < produced) roundsWithLag++
    const what = `${killed.join(' and ') || 'nothing'} ${waitedMs.toFixed()} ms after ${moment.after}`
    onRound(`round ${round}: killed ${what}; ${produced} produced, ${folded} folded`)
  }
  await wild.kill(['replay', 'consume', 'start'])
  return { kills, roundsWithLag }
}

/** Starts what is not running. */
function run(
  wild: Deployment,
  command: Command,
  rounds: number,
  { isBurst, maxBatch, commitEvents }: Pick<Round, 'isBurst' | 'maxBatch' | 'commitEvents'>,
) {
  if (wild.isRunning(command)) return undefined
  // A speed at which the events of a round take some seconds.
  const speed = isBurst ? 'max' : `${Math.ceil(SPAN_S / rounds / FLOW_S)}x`
  const args = command === 'replay' ? ['--limit', String(EVENTS_PER_ROUND), '--speed', speed] : []
  return wild.start(command, args, {
    TRIBUTARY_MAX_BATCH: String(maxBatch),
    TRIBUTARY_COMMIT_EVENTS: String(commitEvents),
  })
}
