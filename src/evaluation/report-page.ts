import { barChart, escapeText, heatMap, lineChart, mapChart, scatterChart } from './charts.ts'
import type { LearningCurve } from './fitted-models.ts'
import type { Report } from './report.ts'
import { TIMELINE_PARTS } from './tally.ts'

const TABLE_METRICS = ['HR@10', 'NDCG@10', 'Recall@100', 'MRR', 'MAP', 'GAUC']
/** Kinds of slices: a plot each of few parts, a table of many. */
const PLOTTED = ['user events', 'item visits', 'since first event']
const PLOT_TITLES: Readonly<Record<string, string>> = {
  'user events': 'Learning curve: HR@10 by how many events of the user are known',
}
const TABLED = ['cold', 'genre']

/** A model's item embeddings in the plane of their greatest variance. */
export interface EmbeddingMap {
  /** Of the model. */
  readonly name: string
  /** Shares of the variance that the two directions have. */
  readonly explained: readonly [number, number]
  readonly points: readonly { readonly x: number; readonly y: number; readonly group: string }[]
}

/** One page that needs no network: tables and plots of an evaluation. */
export function reportPage(report: Report, embeddings: readonly EmbeddingMap[] = []): string {
  const title = `${report.protocol} on ${report.data}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeText(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeText(title)}</h1><p>${escapeText(report.rules)}</p>
<p class="facts">${facts(report)}</p>
${sectionsOf(report, embeddings).join('\n')}
</body></html>
`
}

/** The page's plots as files of their own: name without ending, and SVG. */
export function reportPlots(report: Report, embeddings: readonly EmbeddingMap[] = []): { name: string; svg: string }[] {
  return sectionsOf(report, embeddings).flatMap((html) => {
    const svg = /<svg [\s\S]*<\/svg>/.exec(html)?.[0]
    if (svg === undefined) return []
    const title = /<h2>(.*?)<\/h2>/.exec(html)![1]!
    const name = title
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
    return [{ name, svg: svg.replace('<svg ', `<svg ${STANDALONE} `) }]
  })
}

const STANDALONE = 'xmlns="http://www.w3.org/2000/svg" style="font-family:system-ui,sans-serif;background:#fff"'

function sectionsOf(report: Report, embeddings: readonly EmbeddingMap[]): string[] {
  return [
    ...report.slices.filter(({ intervals }) => intervals).map((slice) => section(slice.name, systemTable(slice))),
    section('Over stream time: HR@10', timelineChart(report, 'HR@10')),
    section('Over stream time: NDCG@10', timelineChart(report, 'NDCG@10')),
    ...PLOTTED.map((kind) => section(PLOT_TITLES[kind] ?? `By ${kind}: HR@10`, sliceChart(report, kind))),
    ...TABLED.map((kind) =>
      section(`HR@10 of ${kind === 'cold' ? 'cold users and items' : `each ${kind}`}`, sliceTable(report, kind)),
    ),
    section('Popularity bias: quality against the popularity of what is shown', biasChart(report)),
    section('First ten shown', listTable(report)),
    section('Candidate sources: Recall@100', sourceChart(report)),
    section('Candidate sources: share of a row’s candidates that a column proposes as well', overlapChart(report)),
    section('Calibration: how often it happened, by how likely it was said to be', calibrationChart(report)),
    section('Expected calibration error by slice', calibrationTable(report)),
    section(
      'Training: loss by step',
      learningChart(report, ({ loss }) => loss),
    ),
    section(
      'Training: NDCG@10 of held-out events by step',
      learningChart(report, ({ validation }) => validation?.['NDCG@10']),
    ),
    section('Latency of scoring the whole catalogue', latencyChart(report)),
    ...embeddings.map((map) => section(`Item embeddings of ${map.name}`, embeddingChart(map))),
  ]
}

const STYLE = `:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2.2rem}
table{display:block;overflow-x:auto;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .55rem;text-align:right;border-bottom:1px solid #8883}
th:first-child,td:first-child{text-align:left}
td small{opacity:.65}.facts{opacity:.75}svg{max-width:100%;height:auto}svg text{fill:currentColor}`

function section(title: string, body: string): string {
  return body ? `<h2>${escapeText(title)}</h2>${body}` : ''
}

function facts({ split, seed, every, machine, seconds }: Report): string {
  const all = { ...split, seed, ...(every > 1 ? { 'one case in': every } : {}), machine, seconds }
  return Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => escapeText(`${name}: ${value!.toLocaleString('en-US')}`))
    .join(' · ')
}

function systemTable({ n, systems, intervals }: Report['slices'][number]): string {
  const rows = Object.entries(systems).map(([system, metrics]) => [
    escapeText(system),
    ...TABLE_METRICS.map((metric) => {
      const interval = intervals?.[system]?.[metric]
      const range = interval ? ` <small>${interval.map((bound) => bound.toFixed(3)).join('–')}</small>` : ''
      return metrics[metric]!.toFixed(4) + range
    }),
  ])
  return `<p>${n.toLocaleString('en-US')} questions; small: 95 % intervals over users</p>${table(['', ...TABLE_METRICS], rows)}`
}

function listTable({ lists }: Report): string {
  const entries = Object.entries(lists)
  const columns = Object.keys(entries[0]?.[1] ?? {})
  const rows = entries.map(([system, values]) => [
    escapeText(system),
    ...columns.map((column) => values[column]!.toFixed(4)),
  ])
  return table(['', ...columns], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`
}

/** Questions that a point of a line stands for at least: fewer say more of chance than of time. */
const LEAST_OF_A_POINT = 500

function timelineChart({ timeline, lists }: Report, metric: string): string {
  if (timeline.length === 0) return ''
  const runs = joined(timeline)
  const series = Object.keys(lists).map((name) => ({
    name,
    points: runs.map((run) => {
      const questions = run.reduce((sum, { n }) => sum + n, 0)
      const part = run.reduce((sum, point) => sum + point.n * point.part, 0) / questions
      const value = run.reduce((sum, { n, systems }) => sum + n * systems[name]![metric]!, 0) / questions
      return [(part + 0.5) / TIMELINE_PARTS, value] as const
    }),
  }))
  return lineChart(series, 'share of the stream', (x) => `${Math.round(100 * x)} %`)
}

/** Neighbouring parts of the stream, as many as make a point. */
function joined(timeline: Report['timeline']): Report['timeline'][number][][] {
  const runs: Report['timeline'][number][][] = [[]]
  let questions = 0
  for (const point of timeline) {
    if (questions >= LEAST_OF_A_POINT) {
      runs.push([])
      questions = 0
    }
    runs.at(-1)!.push(point)
    questions += point.n
  }
  return runs
}

/** Questions that a bar stands for at least. */
const LEAST_OF_A_BAR = 20

function sliceChart(report: Report, kind: string): string {
  const parts = partsOf(report, kind).filter(({ n }) => n >= LEAST_OF_A_BAR)
  if (parts.length === 0) return ''
  const labels = parts.map(({ part }) => part)
  const series = Object.keys(report.lists).map((name) => ({
    name,
    values: parts.map(({ systems }) => systems[name]!['HR@10']!),
  }))
  const counts = parts.map(({ part, n }) => `${part}: ${n.toLocaleString('en-US')}`).join(' · ')
  return `${barChart(labels, series)}<p class="facts">${escapeText(counts)}</p>`
}

function sliceTable(report: Report, kind: string): string {
  const parts = partsOf(report, kind)
  if (parts.length === 0) return ''
  const systems = Object.keys(report.lists)
  const rows = parts.map(({ part, n, systems: metrics }) => [
    escapeText(part),
    n.toLocaleString('en-US'),
    ...systems.map((system) => metrics[system]!['HR@10']!.toFixed(3)),
  ])
  return table(['', 'questions', ...systems], rows)
}

/** The parts of the first whole by one kind, named without it. */
function partsOf({ slices }: Report, kind: string): (Report['slices'][number] & { readonly part: string })[] {
  const prefix = `${slices[0]?.name} | ${kind}`
  return slices
    .filter(({ name }) => name.startsWith(prefix))
    .map((slice) => ({ ...slice, part: slice.name.slice(prefix.length).replace(/^:? /, '') }))
}

function biasChart({ slices, lists }: Report): string {
  const [whole] = slices
  if (!whole) return ''
  const points = Object.entries(lists).map(([name, values]) => ({
    name,
    x: values['Popularity@10']!,
    y: whole.systems[name]!['HR@10']!,
  }))
  return scatterChart(points, 'mean share of users who know what is shown (Popularity@10)', 'HR@10')
}

/** The sources that proposed anything: there may be no models. */
function speaking({ sources }: Report): Report['sources'] {
  return sources.filter(({ name, overlap }) => overlap[name]! > 0)
}

function sourceChart(report: Report): string {
  const sources = speaking(report)
  if (sources.length === 0) return ''
  return barChart(
    sources.map(({ name }) => name),
    [
      { name: 'alone', values: sources.map(({ alone }) => alone) },
      { name: 'blend without it', values: sources.map(({ blendWithout }) => blendWithout) },
      { name: 'blend', values: sources.map(({ blend }) => blend) },
      { name: 'found by it alone', values: sources.map(({ unique }) => unique) },
    ],
  )
}

function overlapChart(report: Report): string {
  const sources = speaking(report)
  if (sources.length === 0) return ''
  const names = sources.map(({ name }) => name)
  return heatMap(
    names,
    sources.map(({ overlap }) => names.map((name) => overlap[name]!)),
  )
}

/** Of what should happen in a bin, to be drawn: of less, what happens is chance. */
const LEAST_EXPECTED = 3

function calibrationChart({ calibration = {} }: Report): string {
  if (Object.keys(calibration).length === 0) return ''
  const series = Object.entries(calibration).map(([name, { bins }]) => ({
    name,
    points: bins
      .filter(({ n, predicted }) => n * predicted >= LEAST_EXPECTED)
      .map(({ predicted, actual }) => [predicted, actual] as const),
  }))
  const most = Math.max(0, ...series.flatMap(({ points }) => points.map(([predicted]) => predicted)))
  const ends = [0, most].map((end) => [end, end] as const)
  const format = (x: number) => Number(x.toPrecision(2)).toString()
  return lineChart([{ name: 'perfect', points: ends }, ...series], 'predicted probability', format)
}

function calibrationTable({ calibration = {} }: Report): string {
  const systems = Object.keys(calibration)
  if (systems.length === 0) return ''
  const rows = Object.keys(calibration[systems[0]!]!.error).map((slice) => [
    escapeText(slice),
    ...systems.map((system) => (calibration[system]!.error[slice] ?? 0).toExponential(2)),
  ])
  return table(['', ...systems.map(escapeText)], rows)
}

function latencyChart({ latencies = {} }: Report): string {
  const entries = Object.entries(latencies)
  if (entries.length === 0) return ''
  const series = entries.map(([names, { n, bins }]) => ({
    name: names.replace(/, .*/, (rest) => ` +${rest.split(', ').length - 1}`),
    points: bins.map(({ untilMs, n: count }) => [Math.log10(untilMs), count / n] as const),
  }))
  const rows = entries.map(([name, { n, p50Ms, p90Ms, p99Ms }]) => [
    escapeText(name),
    n.toLocaleString('en-US'),
    ...[p50Ms, p90Ms, p99Ms].map((ms) => ms.toPrecision(3)),
  ])
  const chart = lineChart(series, 'ms, each point the share of a bin', (x) =>
    Number((10 ** x).toPrecision(2)).toString(),
  )
  return `${chart}${table(['', 'cases', 'p50 ms', 'p90 ms', 'p99 ms'], rows)}`
}

function learningChart(
  { learning = [] }: Report,
  measured: (point: LearningCurve['points'][number]) => number | undefined,
): string {
  const series = learning.map(({ name, points }) => ({
    name,
    points: points.flatMap((point) => {
      const value = measured(point)
      return value === undefined ? [] : [[point.step, value] as const]
    }),
  }))
  const drawn = series.filter(({ points }) => points.length > 1)
  return drawn.length === 0 ? '' : lineChart(drawn, 'step', (step) => Math.round(step).toLocaleString('en-US'))
}

function embeddingChart({ points, explained }: EmbeddingMap): string {
  const share = explained.map((part) => `${(100 * part).toFixed(0)} %`).join(' and ')
  const facts = `${points.length} items by their first genre; the two directions have ${share} of the variance`
  return `${mapChart(points)}<p class="facts">${facts}</p>`
}
