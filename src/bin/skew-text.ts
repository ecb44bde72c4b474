import type { NumberSkew, SkewReport } from '../evaluation/skew/skew-tally.ts'

/** Features made of co-visits and trails, which serving keeps for a second. */
const OF_ROWS = /^(loudest-|best-)?(blend|co-visits|co-visitation|session-knn|item-cf)/
const HEADINGS = ['identical', 'differing', 'mean diff', 'p99 diff', 'max diff', 'correlation']

/** A report for people: what differs most first, with what may be the reason. */
export function skewText(report: SkewReport, tolerance: number): string {
  const { slates, all, items, context, score, order, otherHistory, folded, unknown } = report
  const leftOut = Object.entries(slates.leftOut).map(([reason, count]) => `  not checked: ${count}, ${reason}`)
  if (slates.checked === 0) {
    const none = 'No slate could be checked. TRIBUTARY_FEATURE_SHARE of those that are served to users carry features.'
    return [none, ...leftOut].join('\n')
  }
  const byDiffering = ([, a]: [string, NumberSkew], [, b]: [string, NumberSkew]) =>
    b.differing - a.differing || b.max - a.max
  const rows = [...Object.entries(items), ...Object.entries(context)].sort(byDiffering)
  const differ = rows.filter(([, { identical }]) => identical < 1)
  const table = [...differ, ['score', score] as const, ['all features', all] as const]
  const width = Math.max(...table.map(([name]) => name.length)) + 2
  const verdict = all.differing <= tolerance ? 'within' : 'BEYOND'
  return [
    `${slates.checked} slates checked, ${all.values} values of ${rows.length} features, ${rows.length - differ.length} of them identical throughout`,
    ...leftOut,
    '',
    `${''.padEnd(width)}${HEADINGS.map((heading) => heading.padStart(12)).join('')}`,
    ...table.map(([name, skew]) => line(name, skew, width)),
    '',
    `order: the same in ${percent(order.sameOrder)} of slates, the same items in ${percent(order.sameItems)}; ` +
      `${percent(order.overlapAt10)} of the first ten in common, Kendall's tau ${order.tau.toFixed(4)}`,
    ...(otherHistory > 0
      ? [
          `${otherHistory} slates were made for a user with another number of events: the log lacks some, or has others.`,
        ]
      : []),
    ...(folded.lacking > 0
      ? [
          `${folded.lacking} of ${folded.offsets} events that had been folded are not in the event log any more: of users who are forgotten, dropped by retention, or refused when they were read.`,
        ]
      : []),
    ...(unknown.length > 0 ? [`Logged, and unknown to this version: ${unknown.join(', ')}`] : []),
    ...causes(
      differ.filter(([, { differing }]) => differing > 0).map(([name]) => name),
      otherHistory === 0 && folded.lacking === 0,
    ),
    `${percent(all.differing)} of the values differ: ${verdict} the tolerance of ${percent(tolerance)}.`,
  ].join('\n')
}

function line(name: string, { identical, differing, mean, p99, max, correlation }: NumberSkew, width: number): string {
  const cells = [
    percent(identical),
    percent(differing),
    small(mean),
    small(p99),
    small(max),
    correlation === null ? '-' : correlation.toFixed(5),
  ]
  return `${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`
}

function causes(differing: readonly string[], isLogWhole: boolean): string[] {
  if (!isLogWhole) return []
  const ofRows = differing.filter((name) => OF_ROWS.test(name))
  const others = differing.filter((name) => !OF_ROWS.test(name))
  return [
    ...(ofRows.length > 0
      ? [`Made of co-visits or trails, which are served up to a second old: ${ofRows.join(', ')}.`]
      : []),
    ...(others.length > 0
      ? [
          `Made of what is read at a known position, or relative to candidates that the others have changed: ${others.join(', ')}.`,
        ]
      : []),
  ]
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}

function small(amount: number): string {
  return amount === 0 ? '0' : amount.toPrecision(2)
}
