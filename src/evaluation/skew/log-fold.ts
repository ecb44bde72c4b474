import type { EventLog } from '../../event-log/event-log.ts'
import type { Features } from '../../events/types.ts'
import type { LiveReplica } from '../../training/live-replica.ts'
import { PartitionEvents, SPOKEN, type Spoken } from './logged-events.ts'

/** Offsets behind the last event of the log, by topic and partition. */
export type Ends = Readonly<Record<Spoken, readonly number[]>>

/** By topic, then partition: the offset to be folded next. */
export type Position = Features['tables']

/** Folds the event log into a replica of the live state, once and in order, as far as it is told. */
export class LogFold {
  readonly replica: LiveReplica
  readonly #events: readonly PartitionEvents[]
  readonly #next: Readonly<Record<Spoken, number[]>>
  #lacking = 0

  constructor(log: Pick<EventLog, 'columns'>, ends: Ends, replica: LiveReplica) {
    this.replica = replica
    this.#events = ends.ratings.map(
      (ratings, partition) => new PartitionEvents(log, partition, { ratings, feedback: ends.feedback[partition]! }),
    )
    this.#next = { ratings: ends.ratings.map(() => 0), feedback: ends.feedback.map(() => 0) }
  }

  /** Offsets that have been passed, and how many of them the log does not have. */
  get passed(): { readonly offsets: number; readonly lacking: number } {
    const offsets = SPOKEN.flatMap((topic) => this.#next[topic]).reduce((sum, next) => sum + next, 0)
    return { offsets, lacking: this.#lacking }
  }

  /** @returns false, having done nothing, where it has come further already */
  async foldTo(position: Position): Promise<boolean> {
    const partitions = [...this.#events.keys()]
    const of = (partition: number) => ({
      ratings: position.ratings?.[partition] ?? 0,
      feedback: position.feedback?.[partition] ?? 0,
    })
    if (partitions.some((partition) => this.#isBehind(partition, of(partition)))) return false
    for (const partition of partitions) await this.#fold(partition, of(partition))
    await this.replica.fold()
    return true
  }

  #isBehind(partition: number, to: Readonly<Record<Spoken, number>>): boolean {
    return SPOKEN.some((topic) => this.#next[topic][partition]! > to[topic])
  }

  async #fold(partition: number, to: Readonly<Record<Spoken, number>>): Promise<void> {
    const next = (topic: Spoken) => this.#next[topic][partition]!
    if (SPOKEN.every((topic) => next(topic) === to[topic])) return
    for (const topic of SPOKEN) this.#lacking += to[topic] - next(topic)
    for await (const event of this.#events[partition]!.until(to)) {
      await this.replica.push(event)
      this.#lacking--
    }
    for (const topic of SPOKEN) this.#next[topic][partition] = to[topic]
  }
}
