import type { EventLog } from '../../event-log/event-log.ts'
import type { Features, Item, User } from '../../events/types.ts'
import type { ModelKernels } from '../../models/model-kernels.ts'
import type { ReleaseFolder } from '../../releases/release-folder.ts'
import { ServedRelease } from '../../retrieval/served-release.ts'
import { NO_RELEASE } from '../../serving/recommender.ts'
import type { Ends } from './log-fold.ts'
import { SPOKEN, type Spoken } from './logged-events.ts'
import type { LoggedSlate } from './logged-slate.ts'
import { type SkewReport, SkewTally } from './skew-tally.ts'
import { StateAt } from './state-at.ts'

/** Times that the log is folded at most: once, and once more for each further server that reads the state at a pace of its own. */
const MOST_PASSES = 8

export interface SkewOptions {
  readonly log: Pick<EventLog, 'columns' | 'offsets'>
  readonly folder: Pick<ReleaseFolder, 'load'>
  readonly kernels: ModelKernels
  readonly partitions: number
  readonly items: readonly Item[]
  /** By user: the latest profile, undefined of who is forgotten, and its offset. */
  readonly profiles: ReadonlyMap<string, { readonly user: User | undefined; readonly offset: number }>
  readonly onProgress?: (checked: number) => void
}

/**
 * Makes logged slates again, by the code that served them, over a state that is folded out of the event log to where that of
 * serving stood, and compares features, scores and order.
 */
export async function measureSkew(slates: readonly LoggedSlate[], options: SkewOptions): Promise<SkewReport> {
  const tally = new SkewTally()
  const ends = await endsOf(options)
  let todo: readonly LoggedSlate[] = slates
    .filter((slate) => {
      const reason = reasonAgainst(slate, ends, options)
      if (reason) tally.leaveOut(reason)
      return !reason
    })
    .sort(byPosition)
  for (let pass = 0; todo.length > 0 && pass < MOST_PASSES; pass++) todo = await foldOnce(todo, ends, tally, options)
  for (const _ of todo) tally.leaveOut(`of a state that stands between those of the others, after ${MOST_PASSES} folds`)
  return tally.report()
}

/** @returns those of whose state the fold had already come further */
async function foldOnce(
  slates: readonly LoggedSlate[],
  ends: Ends,
  tally: SkewTally,
  { log, folder, kernels, partitions, items, profiles, onProgress }: SkewOptions,
): Promise<LoggedSlate[]> {
  const users = [...profiles.values()].map(({ user }) => user)
  const state = await StateAt.open(log, ends, { items, users, partitions })
  const { recommender, replica } = state
  const passed: LoggedSlate[] = []
  let release: ServedRelease | undefined
  const missing = new Set<string>()
  for (const slate of slates) {
    const { features, userId, itemIds } = slate
    if (slate.release !== NO_RELEASE && release?.version !== slate.release && !missing.has(slate.release)) {
      try {
        const next = new ServedRelease(await folder.load(slate.release), replica.items, kernels)
        await next.prepare(items)
        release?.close()
        release = next
      } catch {
        missing.add(slate.release)
      }
    }
    if (missing.has(slate.release)) {
      tally.leaveOut(`release ${slate.release} is not kept, or cannot be read`)
      continue
    }
    if (!(await state.goTo(slate))) {
      passed.push(slate)
      continue
    }
    const { k, ...dials } = features.request
    const request = { userId, k, ...(dials as object) }
    const asked = { now: features.now, release: slate.release === NO_RELEASE ? undefined : release, itemIds }
    const again = await recommender.again(request, asked)
    tally.add(slate, again, await recommender.again(request, { ...asked, rows: state.oldRows }))
    onProgress?.(tally.checked)
  }
  release?.close()
  tally.folded = state.folded
  return passed
}

async function endsOf({ log, partitions }: SkewOptions): Promise<Ends> {
  const of = async (topic: Spoken) => {
    const offsets = await log.offsets(topic)
    return Array.from({ length: partitions }, (_, partition) => offsets.get(partition) ?? 0)
  }
  return { ratings: await of('ratings'), feedback: await of('feedback') }
}

/** Why a slate cannot be made again; undefined where it can. */
function reasonAgainst({ userId, features }: LoggedSlate, ends: Ends, { partitions, profiles }: SkewOptions) {
  const { tables, rowsUntil, user } = features
  if (SPOKEN.some((topic) => tables[topic]?.length !== partitions)) return 'the state had another number of partitions'
  const isAhead = SPOKEN.some((topic) =>
    [tables, rowsUntil].some((read) => read[topic]!.some((offset, partition) => offset > ends[topic][partition]!)),
  )
  if (isAhead) return 'events that it knew of are not in the event log, or not yet'
  if ((profiles.get(userId)?.offset ?? -1) >= (user.users ?? 0)) return 'the profile of the user has changed since'
  return undefined
}

/** What a server made first comes first: of the state that it reads nothing ever goes back. */
function byPosition({ features: a }: LoggedSlate, { features: b }: LoggedSlate): number {
  const sum = (offsets: Readonly<Record<string, number>> | readonly number[] = []) =>
    Object.values(offsets).reduce((total, offset) => total + offset, 0)
  const eventsIn = (of: Features['tables']) => SPOKEN.reduce((total, topic) => total + sum(of[topic]), 0)
  return (
    eventsIn(a.tables) - eventsIn(b.tables) ||
    eventsIn(a.lists) - eventsIn(b.lists) ||
    eventsIn(a.rowsUntil) - eventsIn(b.rowsUntil) ||
    eventsIn(a.rowsFrom) - eventsIn(b.rowsFrom) ||
    sum(a.user) - sum(b.user)
  )
}
