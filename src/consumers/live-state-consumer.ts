import type { Broker, Consumer, RecordBatch } from '../broker/broker.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { decode } from '../events/codec.ts'
import type { Interaction } from '../events/types.ts'
import { LiveState, type LiveStateOptions } from '../projections/live-state.ts'
import { LIVE_GROUP } from '../state/keys.ts'
import type { Offsets, StateStore } from '../state/state-store.ts'
import { bury, type Refused } from './dead-letters.ts'
import type { PredictedSample } from './predicted-sample.ts'

export interface LiveStateConsumerOptions extends LiveStateOptions {
  readonly broker: Broker
  readonly store: StateStore
  readonly catalogue: Pick<Catalogue, 'get' | 'settle'>
  /** A new name builds the state anew, from the beginning of the log. */
  readonly group?: string
  readonly maxBatchRecords?: number
  /** Events folded between two commits at most; a partition that has caught up with its log commits at once. */
  readonly commitEvents?: number
  /** Told after each commit. */
  readonly onCommit?: (commit: Commit) => void
  /** Ratings that are predicted before they are folded; whoever gives feedback does not wait for that. */
  readonly sample?: Pick<PredictedSample<unknown>, 'choose' | 'predict'>
}

export interface Commit {
  readonly partition: number
  /** Since the commit before. */
  readonly events: number
  readonly refused: number
  readonly repeated: number
  readonly streamTime: number
}

/** Of `items` only what is malformed matters here: each process reads the catalogue for itself, one has to bury that. */
const TOPICS = ['ratings', 'feedback', 'users', 'items'] as const

/**
 * Folds `ratings`, `feedback` and `users` into the online state, each partition by one owner at a time. What is
 * malformed, on `items` too, goes to `dead-letters`.
 */
export async function consumeLiveState(options: LiveStateConsumerOptions): Promise<Consumer> {
  const { broker, group = LIVE_GROUP, maxBatchRecords = 1_000 } = options
  const folds = new Map<number, PartitionFold>()
  return broker.subscribe({
    group,
    topics: TOPICS,
    maxBatchRecords,
    assigned: async (partition) => {
      const fold = new PartitionFold(partition, group, options)
      folds.set(partition, fold)
      return fold.resume()
    },
    handle: (batch) => folds.get(batch.partition)!.handle(batch),
    revoked: async (partition) => {
      await folds.get(partition)?.commit()
      folds.delete(partition)
    },
  })
}

class PartitionFold {
  readonly #partition: number
  readonly #group: string
  readonly #options: LiveStateConsumerOptions
  /** Undefined when what is in memory may differ from what is stored: it is then opened anew. */
  #state: LiveState | undefined
  /** Offset to fold next, per topic. */
  #next: Record<string, number> = {}
  /** Folded or about to be, and not known to be committed: folded again should the state have to be opened anew. */
  #uncommitted: RecordBatch[] = []
  #tally = { events: 0, refused: 0, repeated: 0 }

  constructor(partition: number, group: string, options: LiveStateConsumerOptions) {
    this.#partition = partition
    this.#group = group
    this.#options = options
  }

  /** Takes the partition over and answers the offsets it has come up to. */
  async resume(): Promise<Offsets> {
    const { store, catalogue } = this.#options
    const owner = await store.own(this.#group, this.#partition)
    this.#state = await LiveState.open(owner, catalogue, this.#options)
    this.#next = { ...owner.offsets }
    this.#tally = { events: 0, refused: 0, repeated: 0 }
    for (const batch of this.#uncommitted) await this.#fold(this.#state, batch, undefined)
    return owner.offsets
  }

  async handle(batch: RecordBatch): Promise<void> {
    try {
      if (!this.#state) await this.resume()
      if (this.#uncommitted.at(-1) !== batch) this.#uncommitted.push(batch)
      await this.#fold(this.#state!, batch, batch.topic === 'ratings' ? this.#options.sample : undefined)
      const waiting = this.#uncommitted.reduce((sum, { records }) => sum + records.length, 0)
      if (batch.next >= batch.end || waiting >= (this.#options.commitEvents ?? 8_000)) await this.commit()
    } catch (error) {
      // A failed commit may have happened or not: only the store knows.
      this.#state = undefined
      throw error
    }
  }

  async commit(): Promise<void> {
    if (!this.#state || this.#uncommitted.length === 0) return
    await this.#state.commit(this.#next)
    this.#uncommitted = []
    const { streamTime } = this.#state
    this.#options.onCommit?.({ partition: this.#partition, ...this.#tally, streamTime })
    this.#tally = { events: 0, refused: 0, repeated: 0 }
  }

  /** Leaves out what lies before `#next`: a batch may come again. */
  async #fold(state: LiveState, batch: RecordBatch, sample: LiveStateConsumerOptions['sample']): Promise<void> {
    const interactions: Interaction[] = []
    const offsets: number[] = []
    const refused: Refused[] = []
    const from = this.#next[batch.topic] ?? 0
    for (const record of batch.records) {
      if (record.offset < from) continue
      const decoded = decode(batch.topic as (typeof TOPICS)[number], record.value)
      if (!decoded.ok) refused.push({ ...record, reason: decoded.reason })
      else if ('kind' in decoded.event) {
        interactions.push(decoded.event)
        offsets.push(record.offset)
      } else if (!('title' in decoded.event)) state.foldProfile(decoded.event)
    }
    const repeated = state.repeated
    await this.#options.catalogue.settle(new Set(interactions.map(({ itemId }) => itemId)))
    if (refused.length > 0) await bury(this.#options.broker, batch.topic, batch.partition, refused)
    const sampled = sample?.choose(interactions) ?? -1
    if (sampled >= 0) {
      await state.fold(interactions.slice(0, sampled))
      await state.commit({ ...this.#next, [batch.topic]: offsets[sampled]! })
      this.#uncommitted = [batch]
      await sample!.predict(interactions[sampled]!)
    }
    const rest = interactions.slice(Math.max(0, sampled))
    if (rest.length > 0) await state.fold(rest)
    this.#next[batch.topic] = Math.max(from, batch.next)
    this.#tally.events += interactions.length
    this.#tally.refused += refused.length
    this.#tally.repeated += state.repeated - repeated
  }
}
