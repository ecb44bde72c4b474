import type { EventLog } from '../../event-log/event-log.ts'
import type { Interaction } from '../../events/types.ts'

/** Topics that interactions come from. */
export const SPOKEN = ['ratings', 'feedback'] as const
export type Spoken = (typeof SPOKEN)[number]

/** Offsets of one partition read at a time: a few megabytes. */
const BLOCK = 100_000

interface Columns {
  readonly offset: readonly number[]
  readonly eventId: readonly string[]
  readonly userId: readonly string[]
  readonly itemId: readonly string[]
  readonly kind: readonly Interaction['kind'][]
  readonly value: readonly (number | null)[]
  readonly at: readonly number[]
}

/** One topic's events of a partition, by offset. */
class Cursor {
  readonly #read: (from: number, until: number) => Promise<Columns>
  readonly #end: number
  #block: Columns | undefined
  #row = 0
  #from = 0

  constructor(end: number, read: (from: number, until: number) => Promise<Columns>) {
    this.#end = end
    this.#read = read
  }

  /** The next event before `until`; it stays the next one until `take`. */
  async before(until: number): Promise<Interaction | undefined> {
    while (!this.#block || this.#row === this.#block.offset.length) {
      if (this.#from >= Math.min(until, this.#end)) return undefined
      this.#block = await this.#read(this.#from, this.#from + BLOCK)
      this.#from += BLOCK
      this.#row = 0
    }
    const [block, row] = [this.#block, this.#row]
    if (block.offset[row]! >= until) return undefined
    const value = block.value[row]
    return {
      eventId: block.eventId[row]!,
      userId: block.userId[row]!,
      itemId: block.itemId[row]!,
      kind: block.kind[row]!,
      at: block.at[row]!,
      ...(value === null || value === undefined ? {} : { value }),
    }
  }

  take(): void {
    this.#row++
  }
}

/** The interactions of a partition in the order in which they were folded, as far as the log tells. */
export class PartitionEvents {
  readonly #cursors: Readonly<Record<Spoken, Cursor>>

  /** @param ends offsets behind the last of each topic */
  constructor(log: Pick<EventLog, 'columns'>, partition: number, ends: Readonly<Record<Spoken, number>>) {
    const cursor = (topic: Spoken) =>
      new Cursor(ends[topic], (from, until) =>
        log.columns<Columns>(
          `SELECT offset, eventId, userId, itemId, kind, value, at
           FROM interactions FINAL
           WHERE topic = {topic: String} AND partition = {partition: UInt16} AND offset >= {from: UInt64} AND offset < {until: UInt64}
           ORDER BY offset`,
          { topic, partition, from, until },
        ),
      )
    this.#cursors = { ratings: cursor('ratings'), feedback: cursor('feedback') }
  }

  /**
   * Those before the offsets that have not been given yet. Each topic has its own offsets, and how the fold took turns
   * between them is written nowhere: they are merged by event time, ratings first.
   */
  async *until(offsets: Readonly<Record<Spoken, number>>): AsyncGenerator<Interaction> {
    const { ratings, feedback } = this.#cursors
    for (;;) {
      const rating = await ratings.before(offsets.ratings)
      const given = await feedback.before(offsets.feedback)
      if (!rating && !given) return
      const isRating = rating !== undefined && (given === undefined || rating.at <= given.at)
      yield isRating ? rating : given!
      this.#cursors[isRating ? 'ratings' : 'feedback'].take()
    }
  }
}
