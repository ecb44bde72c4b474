import type { EventLog } from '../../event-log/event-log.ts'
import { partitionFor } from '../../events/topics.ts'
import type { LiveRows } from '../../retrieval/online/live-rows.ts'
import { LiveRecommender } from '../../serving/live-recommender.ts'
import { LiveReplica, type LiveReplicaOptions } from '../../training/live-replica.ts'
import { type Ends, LogFold } from './log-fold.ts'
import type { LoggedSlate } from './logged-slate.ts'

/**
 * The live state as it stood when a slate was made, folded from the event log. What serving keeps of co-visits and trails
 * is of some moment before: a second fold, as far behind as that can be, says what they were at the other end.
 */
export class StateAt {
  readonly recommender: LiveRecommender
  readonly #fold: LogFold
  readonly #behind: LogFold
  #tables = ''
  #lists = ''

  static async open(log: Pick<EventLog, 'columns'>, ends: Ends, options: LiveReplicaOptions): Promise<StateAt> {
    const replica = await LiveReplica.open(options)
    const behind = await LiveReplica.open({ ...options, index: replica.items })
    return new StateAt(new LogFold(log, ends, replica), new LogFold(log, ends, behind))
  }

  private constructor(fold: LogFold, behind: LogFold) {
    this.#fold = fold
    this.#behind = behind
    this.recommender = new LiveRecommender(fold.replica)
  }

  get replica(): LiveReplica {
    return this.#fold.replica
  }

  /** Co-visits and trails as old as they can have been. */
  get oldRows(): LiveRows {
    return this.#behind.replica.online.rows
  }

  /** Offsets that serving had folded, and how many of them the log does not have. */
  get folded(): LogFold['passed'] {
    return this.#fold.passed
  }

  /**
   * Folds and reads as serving had: first what the lists were made of, then the item statistics, then what the youngest
   * rows can have been of, and the user's own partition as far as the user.
   * @returns false where the state has come further already
   */
  async goTo({ userId, features: { tables, lists, user, rowsFrom, rowsUntil } }: LoggedSlate): Promise<boolean> {
    const [tablesAt, listsAt] = [JSON.stringify(tables), JSON.stringify(lists)]
    if (!(await this.#behind.foldTo(rowsFrom))) return false
    if (listsAt !== this.#lists) {
      if (!(await this.#fold.foldTo(lists))) return false
      await this.recommender.refresh()
      this.#lists = listsAt
      this.#tables = listsAt
    }
    if (tablesAt !== this.#tables) {
      if (!(await this.#fold.foldTo(tables))) return false
      await this.replica.online.refresh()
      this.#tables = tablesAt
    }
    const own = partitionFor(userId, tables.ratings!.length)
    const ends = Object.entries(rowsUntil).map(([topic, offsets]) => [topic, offsets.with(own, user[topic] ?? 0)])
    return this.#fold.foldTo(Object.fromEntries(ends))
  }
}
