import type { Explanation, NamedWeight } from '../serving/explanation.ts'
import type { CandidateList, InspectedTarget, Inspection, Place } from '../serving/inspection.ts'

const HISTORY_SHOWN = 10
const REASONS_SHOWN = 5

/** An inspection for people. */
export function inspectionText(inspection: Inspection): string {
  const { userId, release, streamTime, degraded, history, sources, removed, stages, target } = inspection
  const asOf = streamTime > 0 ? new Date(streamTime).toISOString() : 'before any event'
  return [
    `user ${userId}, release ${release}, stream time ${asOf}`,
    ...(degraded.length > 0 ? [`missing: ${degraded.join(', ')}`] : []),
    ...(target ? ['', ...targetText(target)] : []),
    '',
    `History: ${history.length} interactions${history.length > HISTORY_SHOWN ? `, the newest ${HISTORY_SHOWN}` : ''}`,
    ...history.slice(0, HISTORY_SHOWN).map(({ itemId, title, kind, value, at }) => {
      const said = `${kind}${value === undefined ? '' : ` ${value}`}`
      return `  ${new Date(at).toISOString().slice(0, 16)}  ${said.padEnd(10)} ${itemId.padEnd(8)} ${title}`
    }),
    ...sources.flatMap((list) => listText(`Source ${list.name}, weight ${number(list.weight)}`, list)),
    ...removed.flatMap((list) => listText(`Filter ${list.name} removes`, list)),
    ...stages.flatMap((list) => listText(`Order after ${list.name}`, list)),
  ].join('\n')
}

function targetText({ itemId, title, verdict, reason, sources, stages, explanation }: InspectedTarget): string[] {
  return [
    `Target ${itemId}, ${title}: ${verdict}`,
    `  ${reason}`,
    ...sources.map((place) => `${placeText(place)}  adds ${number(place.contribution)}`),
    ...stages.map(({ negatives, ...place }) => {
      const { n, mean, deviation, max, beaten } = negatives
      const drawn = `${n} random items score ${number(mean)} ± ${number(deviation)}, at most ${number(max)}`
      return `${placeText(place)}  ${n === 0 ? '' : `${drawn}; it beats ${(100 * beaten).toFixed(0)} %`}`.trimEnd()
    }),
    ...(explanation ? explanationText(explanation) : []),
  ]
}

function explanationText({ because, attention = [] }: Explanation): string[] {
  const shares = (weights: readonly NamedWeight[]) =>
    weights
      .slice(0, REASONS_SHOWN)
      .map(({ itemId, title, weight }) => `${itemId} ${title} ${(100 * weight).toFixed(0)} %`)
  return [
    ...(because.length > 0 ? [`  spoken for by ${shares(because).join(', ')}`] : []),
    ...(attention.length > 0 ? [`  attended to ${shares(attention).join(', ')}`] : []),
  ]
}

function placeText({ name, rank, tied, score, of }: Place): string {
  const place = rank === null ? `not among ${of}` : `rank ${rank} of ${of}${tied > 0 ? `, tied with ${tied}` : ''}`
  return `  ${name.padEnd(16)}${place.padEnd(30)}score ${number(score).padEnd(10)}`
}

function listText(heading: string, { candidates, best }: CandidateList): string[] {
  const shown = best.length < candidates ? `, the first ${best.length}` : ''
  return [
    '',
    `${heading}: ${candidates} items${shown}`,
    ...best.map(({ rank, score, itemId, title, removedBy }) => {
      const removed = removedBy === undefined ? '' : `  (removed: ${removedBy})`
      return `  ${String(rank).padStart(3)}  ${number(score).padEnd(10)} ${itemId.padEnd(8)} ${title}${removed}`
    }),
  ]
}

function number(value: number): string {
  return Number(value.toPrecision(3)).toString()
}
