import type { EventLog } from '../../event-log/event-log.ts'
import { partitionFor } from '../../events/topics.ts'
import type { Features } from '../../events/types.ts'
import { LiveRecommender } from '../../serving/live-recommender.ts'
import { LiveReplica, type LiveReplicaOptions } from '../../training/live-replica.ts'
import { PartitionEvents, SPOKEN, type Spoken } from './logged-events.ts'

type Position = Features['tables']

/** A live state that is folded from the event log, once and in order, to where the state of served slates stood. */
export class StateAt {
  readonly replica: LiveReplica
  readonly recommender: LiveRecommender
  readonly #events: readonly PartitionEvents[]
  /** By topic, then partition: folded up to here. */
  readonly #folded: Readonly<Record<Spoken, number[]>>
  #lacking = 0
  #tables = ''
  #lists = ''

  /** @param ends by topic and partition, offsets behind the last in the log */
  static async open(
    log: Pick<EventLog, 'columns'>,
    ends: Readonly<Record<Spoken, readonly number[]>>,
    options: LiveReplicaOptions,
  ): Promise<StateAt> {
    return new StateAt(log, ends, await LiveReplica.open(options))
  }

  private constructor(
    log: Pick<EventLog, 'columns'>,
    ends: Readonly<Record<Spoken, readonly number[]>>,
    replica: LiveReplica,
  ) {
    this.replica = replica
    this.recommender = new LiveRecommender(replica)
    this.#events = ends.ratings.map(
      (ratings, partition) => new PartitionEvents(log, partition, { ratings, feedback: ends.feedback[partition]! }),
    )
    this.#folded = { ratings: ends.ratings.map(() => 0), feedback: ends.feedback.map(() => 0) }
  }

  /** Offsets that serving had folded, and how many of them the log does not have. */
  get folded(): { readonly offsets: number; readonly lacking: number } {
    const offsets = SPOKEN.flatMap((topic) => this.#folded[topic]).reduce((sum, next) => sum + next, 0)
    return { offsets, lacking: this.#lacking }
  }

  /**
   * Folds and reads as serving had when it made a slate: first what the lists were made of, then the item statistics, then
   * the user's own partition.
   * @returns false where the state has come further already
   */
  async goTo(userId: string, { tables, lists, user }: Features): Promise<boolean> {
    const [tablesAt, listsAt] = [JSON.stringify(tables), JSON.stringify(lists)]
    if (listsAt !== this.#lists) {
      if (!(await this.#fold(lists))) return false
      await this.recommender.refresh()
      this.#lists = listsAt
      this.#tables = listsAt
    }
    if (tablesAt !== this.#tables) {
      if (!(await this.#fold(tables))) return false
      await this.replica.online.refresh()
      this.#tables = tablesAt
    }
    const partition = partitionFor(userId, this.#events.length)
    const own = { ratings: user.ratings ?? 0, feedback: user.feedback ?? 0 }
    if (SPOKEN.some((topic) => this.#folded[topic][partition]! > own[topic])) return false
    await this.#foldPartition(partition, own)
    await this.replica.fold()
    return true
  }

  async #fold(to: Position): Promise<boolean> {
    const target = (topic: Spoken, partition: number) => to[topic]?.[partition] ?? 0
    const partitions = this.#events.map((_, partition) => partition)
    if (SPOKEN.some((topic) => partitions.some((at) => this.#folded[topic][at]! > target(topic, at)))) return false
    for (const at of partitions) {
      await this.#foldPartition(at, { ratings: target('ratings', at), feedback: target('feedback', at) })
    }
    await this.replica.fold()
    return true
  }

  async #foldPartition(partition: number, to: Readonly<Record<Spoken, number>>): Promise<void> {
    if (SPOKEN.every((topic) => this.#folded[topic][partition] === to[topic])) return
    for (const topic of SPOKEN) this.#lacking += to[topic] - this.#folded[topic][partition]!
    for await (const event of this.#events[partition]!.until(to)) {
      await this.replica.push(event)
      this.#lacking--
    }
    for (const topic of SPOKEN) this.#folded[topic][partition] = to[topic]
  }
}
