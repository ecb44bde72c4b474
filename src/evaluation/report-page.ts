import { barChart, escapeText, heatMap, lineChart, scatterChart } from './charts.ts'
import type { Report } from './report.ts'
import { TIMELINE_PARTS } from './tally.ts'

const TABLE_METRICS = ['HR@10', 'NDCG@10', 'Recall@100', 'MRR', 'MAP', 'GAUC']
/** Kinds of slices: a plot each of few parts, a table of many. */
const PLOTTED = ['user events', 'item visits', 'since first event']
const TABLED = ['cold', 'genre']

/** One page that needs no network: tables and plots of an evaluation. */
export function reportPage(report: Report): string {
  const title = `${report.protocol} on ${report.data}`
  const sections = [
    ...report.slices.filter(({ intervals }) => intervals).map((slice) => section(slice.name, systemTable(slice))),
    section('Over stream time: HR@10', timelineChart(report, 'HR@10')),
    section('Over stream time: NDCG@10', timelineChart(report, 'NDCG@10')),
    ...PLOTTED.map((kind) => section(`By ${kind}: HR@10`, sliceChart(report, kind))),
    ...TABLED.map((kind) =>
      section(`HR@10 of ${kind === 'cold' ? 'cold users and items' : `each ${kind}`}`, sliceTable(report, kind)),
    ),
    section('Popularity bias: quality against the popularity of what is shown', biasChart(report)),
    section('First ten shown', listTable(report)),
    section('Candidate sources: Recall@100', sourceChart(report)),
    section('Candidate sources: share of a row’s candidates that a column proposes as well', overlapChart(report)),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeText(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeText(title)}</h1><p>${escapeText(report.rules)}</p>
<p class="facts">${facts(report)}</p>
${sections.join('\n')}
</body></html>
`
}

const STYLE = `:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2.2rem}
table{display:block;overflow-x:auto;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #8883}
th:first-child,td:first-child{text-align:left}
td small{opacity:.65}.facts{opacity:.75}svg{max-width:100%;height:auto}svg text{fill:currentColor}`

function section(title: string, body: string): string {
  return body ? `<h2>${escapeText(title)}</h2>${body}` : ''
}

function facts({ split, seed, every, machine, seconds }: Report): string {
  const all = { ...split, seed, ...(every > 1 ? { 'one case in': every } : {}), machine, seconds }
  return Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => escapeText(`${name}: ${value}`))
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

function timelineChart({ timeline, lists }: Report, metric: string): string {
  if (timeline.length === 0) return ''
  const series = Object.keys(lists).map((name) => ({
    name,
    points: timeline.map(({ part, systems }) => [(part + 0.5) / TIMELINE_PARTS, systems[name]![metric]!] as const),
  }))
  return lineChart(series, 'share of the stream', (x) => `${Math.round(100 * x)} %`)
}

function sliceChart(report: Report, kind: string): string {
  const parts = partsOf(report, kind)
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

function sourceChart({ sources }: Report): string {
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

function overlapChart({ sources }: Report): string {
  if (sources.length === 0) return ''
  const names = sources.map(({ name }) => name)
  return heatMap(
    names,
    sources.map(({ overlap }) => names.map((name) => overlap[name]!)),
  )
}
