// Faults of every kind at random moments of a replay through Kafka, Redis and ClickHouse: what it comes to must be what
// an embedded run comes to that nobody disturbs.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest } from '../src/bin/digest.ts'
import { TributaryError } from '../src/errors.ts'
import type { PartitionPositions } from '../src/event-log/positions.ts'
import { ownNames, type Servers } from './containers/servers.ts'
import { Deployment, differences } from './deployment.ts'
import { pick, seededRandom } from './fakes/seeded-random.ts'

export interface FaultOptions {
  /** An empty folder for the homes of both runs. */
  readonly folder: string
  /** One fault each. */
  readonly rounds: number
  readonly seed: number
  readonly servers: Servers
  /** Told, once a round, what was done. */
  readonly onRound?: (text: string) => void
}

export interface FaultOutcome {
  readonly events: number
  readonly faults: Readonly<Record<string, number>>
  /** Faults that found events produced and not folded yet. */
  readonly roundsWithLag: number
  readonly differences: readonly string[]
  readonly disturbed: Digest
  readonly positions: readonly PartitionPositions[]
}

const EVENTS_PER_ROUND = 2_000
/** Of the synthetic stream, and of a round's share of it when it is played. */
const SPAN_S = 730 * 86_400
const FLOW_S = 1.5
const MAX_DELAY_MS = 1_000
const MAX_DOWN_MS = 3_000
/** Something is folded again after a fault by then, or the next fault meets the aftermath of this one. */
const MAX_WAIT_MS = 5_000

export async function faultRounds({ folder, rounds, seed, servers, onRound = () => {} }: FaultOptions) {
  const events = rounds * EVENTS_PER_ROUND
  const data = `synthetic-${seed}-${rounds * 30}-400-${events}`
  await using calm = await Deployment.open({ home: join(folder, 'undisturbed'), data })
  const undisturbed = await calm.finish()
  const names = await ownNames(servers)
  try {
    await using wild = await Deployment.open({ home: join(folder, 'disturbed'), data, env: names.env })
    const faults = new Faults(wild, servers, seededRandom(seed))
    for (let round = 1; round <= rounds; round++) {
      const speed = `${Math.ceil(SPAN_S / rounds / FLOW_S)}x`
      await faults.next(['--limit', `${EVENTS_PER_ROUND}`, '--speed', speed], (text) =>
        onRound(`round ${round}: ${text}`),
      )
    }
    await faults.end()
    const disturbed = await wild.finish()
    return {
      events,
      faults: faults.counts,
      roundsWithLag: faults.withLag,
      differences: differences(undisturbed, disturbed),
      disturbed,
      positions: await wild.positions(),
    } satisfies FaultOutcome
  } finally {
    await names.drop()
  }
}

class Faults {
  readonly counts: Record<string, number> = {}
  withLag = 0
  readonly #wild: Deployment
  readonly #random: () => number
  readonly #kinds: Readonly<Record<string, () => Promise<void>>>
  /** Those still to come before any comes again. */
  #deck: string[] = []
  #consumers: string[] = []
  #started = 0

  constructor(wild: Deployment, { KAFKA_BROKERS, REDIS_URL, CLICKHOUSE_URL }: Servers, random: () => number) {
    this.#wild = wild
    this.#random = random
    this.#kinds = {
      'consumer killed': () => this.#end('SIGKILL'),
      'consumer added, another one stopped': async () => {
        this.#start()
        await this.#pause(MAX_DELAY_MS)
        await this.#end('SIGTERM')
      },
      'Kafka killed': () => KAFKA_BROKERS.restart(),
      'Redis killed': () => REDIS_URL.restart(),
      'ClickHouse down for a while': async () => {
        await CLICKHOUSE_URL.takeDown()
        await this.#pause(MAX_DOWN_MS)
        await CLICKHOUSE_URL.bringUp()
      },
    }
  }

  async next(replay: readonly string[], say: (text: string) => void): Promise<void> {
    while (this.#consumers.length < 2) this.#start()
    if (!this.#wild.isRunning('replay')) {
      await this.#wild.kill(['replay'])
      this.#wild.start('replay', replay)
    }
    await this.#somethingFolded()
    await this.#pause(MAX_DELAY_MS)
    const before = await this.#progress()
    if (this.#deck.length === 0) this.#deck = Object.keys(this.#kinds)
    const kind = pick(this.#deck, this.#random)
    this.#deck = this.#deck.filter((other) => other !== kind)
    await this.#kinds[kind]!()
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
    if (before && before.folded < before.produced) this.withLag++
    say(`${kind}; ${before?.produced ?? '?'} produced, ${before?.folded ?? '?'} folded just before`)
  }

  /** Leaves the consumers running. */
  async end(): Promise<void> {
    while (this.#wild.isRunning('replay')) await sleep(50)
    await this.#wild.kill(['replay'])
    while (this.#consumers.length < 2) this.#start()
  }

  #start(): void {
    const name = `consume-${++this.#started}`
    this.#consumers.push(name)
    this.#wild.start(name, [], { TRIBUTARY_MAX_BATCH: `${1 + Math.floor(this.#random() * 1000)}` })
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const victim = pick(this.#consumers, this.#random)
    this.#consumers = this.#consumers.filter((name) => name !== victim)
    await this.#wild.kill([victim], signal)
  }

  async #somethingFolded(): Promise<void> {
    const deadline = performance.now() + MAX_WAIT_MS
    const before = await this.#progress()
    while (performance.now() < deadline) {
      const now = await this.#progress()
      if (now && now.folded > (before?.folded ?? 0)) return
      await sleep(10)
    }
  }

  /** undefined while a server is away. */
  async #progress() {
    try {
      return await this.#wild.progress()
    } catch (error) {
      if (error instanceof TributaryError && error.retriable) return undefined
      throw error
    }
  }

  #pause(maxMs: number): Promise<void> {
    return sleep(this.#random() * maxMs)
  }
}
