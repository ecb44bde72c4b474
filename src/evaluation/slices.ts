import type { Case, Plan, Question } from './plan.ts'
import type { World } from './world.ts'

const HOUR_MS = 3600 * 1000
/** Events of a user, and visits of an item, below which they are cold. */
const COLD = 5

const ACTIVITY = [5, 20, 50, 100, 200]
const VISITS = [5, 20, 100, 500, 1000]
const HOURS: readonly (readonly [below: number, name: string])[] = [
  [1, 'first hour'],
  [24, 'first day'],
  [7 * 24, 'first week'],
  [Number.POSITIVE_INFINITY, 'later'],
]

/**
 * The slices a question counts in: those its plan names, and parts of the first of these by what was known at the time
 * of the prediction. Parts by item need plans whose questions have one.
 */
export function slicesOf({ user, at }: Case, { slices, relevant }: Question, plan: Plan, world: World): string[] {
  const { events, singleTarget } = plan
  const [whole] = slices
  const known = world.histories[user]!.length
  const parts = [`user events ${binOf(known, ACTIVITY)}`]
  if (known < COLD) parts.push('cold users')
  const hours = (at - world.firstAt[user]!) / HOUR_MS
  if (known > 0) parts.push(`since first event: ${HOURS.find(([below]) => hours < below)![1]}`)
  if (singleTarget) {
    const item = events.item[relevant[0]!]!
    parts.push(`item visits ${binOf(world.visits[item]!, VISITS)}`)
    if (world.visits[item]! < COLD) parts.push('cold items')
    for (const genre of events.genres[item]!) parts.push(`genre: ${genre}`)
  }
  return [...slices, ...parts.map((part) => `${whole} | ${part}`)]
}

function binOf(count: number, bounds: readonly number[]): string {
  const above = bounds.findIndex((bound) => count < bound)
  if (above < 0) return `${bounds.at(-1)} and more`
  return `${above === 0 ? 0 : bounds[above - 1]!}-${bounds[above]! - 1}`
}

/** Slices in the order of a report: wholes as given, then their parts by kind and size. */
export function orderSlices(names: Iterable<string>, headlines: readonly string[]): string[] {
  const key = (name: string) => {
    const [whole, part = ''] = name.split(' | ')
    const order = headlines.includes(whole!) ? headlines.indexOf(whole!) : headlines.length
    return `${part ? 1 : 0}${String(order).padStart(3, '0')}${order === headlines.length ? whole : ''}${numbersPadded(part)}`
  }
  return [...names].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** So that text order is the order of the numbers, and of HOURS. */
function numbersPadded(part: string): string {
  const hours = HOURS.findIndex(([, name]) => part === `since first event: ${name}`)
  return hours < 0 ? part.replace(/\d+/, (digits) => digits.padStart(9, '0')) : `since first event: ${hours}`
}
