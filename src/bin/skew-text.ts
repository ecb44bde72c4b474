import type { NumberSkew, SkewReport } from '../evaluation/skew/skew-tally.ts'

const HEADINGS = ['identical', 'stale', 'differing', 'mean diff', 'p99 diff', 'max diff', 'correlation']

/** A report for people: what differs most first, with the reason where one is known. */
export function skewText(report: SkewReport, tolerance: number): string {
  const { slates, all, items, context, score, worst, order, otherHistory, folded, unknown } = report
  const leftOut = Object.entries(slates.leftOut).map(([reason, count]) => `  not checked: ${count}, ${reason}`)
  if (slates.checked === 0) {
    const none = 'No slate could be checked. TRIBUTARY_FEATURE_SHARE of those that are served to users carry features.'
    return [none, ...leftOut].join('\n')
  }
  const byDiffering = ([, a]: [string, NumberSkew], [, b]: [string, NumberSkew]) =>
    b.differing - a.differing || b.stale - a.stale || b.max - a.max
  const rows = [...Object.entries(items), ...Object.entries(context)].sort(byDiffering)
  const differ = rows.filter(([, { identical }]) => identical < 1)
  const table = [...differ, ['score', score] as const, ['all features', all] as const]
  const width = Math.max(...table.map(([name]) => name.length)) + 2
  const verdict = worst.differing <= tolerance ? 'within' : 'BEYOND'
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
    ...(all.stale > 0
      ? [
          `stale: made of co-visits and trails that were up to a second old; ${percent(all.stale)} are between what these were then and at the moment.`,
        ]
      : []),
    `${worst.name} differs most, in ${percent(worst.differing)} of its values: ${verdict} the tolerance of ${percent(tolerance)}.`,
  ].join('\n')
}

function line(
  name: string,
  { identical, stale, differing, mean, p99, max, correlation }: NumberSkew,
  width: number,
): string {
  const cells = [
    percent(identical),
    percent(stale),
    percent(differing),
    small(mean),
    small(p99),
    small(max),
    correlation === null ? '-' : correlation.toFixed(5),
  ]
  return `${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}

function small(amount: number): string {
  return amount === 0 ? '0' : amount.toPrecision(2)
}
