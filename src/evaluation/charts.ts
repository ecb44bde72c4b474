/** Plots as SVG text, for a page that needs nothing else. */

const WIDTH = 760
const HEIGHT = 300
const MAP_HEIGHT = 520
const MARGIN = { left: 56, right: 190, top: 16, bottom: 36 }
/** As many as there are systems. */
const COLOURS = [
  ...['#9aa0a6', '#b07d2b', '#d9a441', '#5b8c5a', '#2f6f4f', '#7a5195', '#4b2e83', '#2f6db3', '#c8371b', '#e056a0'],
  ...['#15a3a3', '#8fb62b', '#8c4a2f', '#5f6b7a'],
]
/** Groups that a map names. */
const NAMED_GROUPS = 8

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** @param share of the x axis: formats a tick */
export function lineChart(series: readonly Series[], xLabel: string, formatX: (x: number) => string): string {
  const points = series.flatMap((line) => line.points)
  const xOf = scale(extent(points.map(([x]) => x)), MARGIN.left, WIDTH - MARGIN.right)
  const top = niceTop(Math.max(0, ...points.map(([, y]) => y)))
  const yOf = scale([0, top], HEIGHT - MARGIN.bottom, MARGIN.top)
  const lines = series.map(({ points: line }, index) => {
    const path = line.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`).join('')
    return `<path d="${path}" fill="none" stroke="${colour(index)}" stroke-width="1.8"/>`
  })
  const [first, last] = extent(points.map(([x]) => x))
  const ticks = [first, (first + last) / 2, last].map((x) => text(xOf(x), HEIGHT - 20, formatX(x), 'middle'))
  const label = text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 4, xLabel, 'middle')
  return svg([...yAxis(top, yOf), ...lines, ...ticks, label, ...legend(series.map(({ name }) => name))])
}

/** Bars side by side: a group for each label, a bar for each series. */
export function barChart(
  labels: readonly string[],
  series: readonly { name: string; values: readonly number[] }[],
): string {
  const top = niceTop(Math.max(0, ...series.flatMap(({ values }) => values)))
  const yOf = scale([0, top], HEIGHT - MARGIN.bottom, MARGIN.top)
  const group = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, labels.length)
  const bar = (0.86 * group) / Math.max(1, series.length)
  const bars = series.flatMap(({ name, values }, index) =>
    values.map((value, at) => {
      const x = MARGIN.left + at * group + 0.07 * group + index * bar
      const height = HEIGHT - MARGIN.bottom - yOf(value)
      const title = `<title>${escapeText(name)}, ${escapeText(labels[at]!)}: ${value.toFixed(4)}</title>`
      return `<rect x="${x.toFixed(1)}" y="${yOf(value).toFixed(1)}" width="${bar.toFixed(1)}" height="${height.toFixed(1)}" fill="${colour(index)}">${title}</rect>`
    }),
  )
  const size = labels.length > 8 ? 9 : 11
  const names = labels.map((name, at) => {
    const shown = name.length > group / 5 ? `${name.slice(0, Math.max(3, Math.floor(group / 5) - 1))}…` : name
    return text(MARGIN.left + (at + 0.5) * group, HEIGHT - 20, shown, 'middle', size)
  })
  return svg([...yAxis(top, yOf), ...bars, ...names, ...legend(series.map(({ name }) => name))])
}

/** A square table of shares, 0 to 1, each cell as dark as its value. */
export function heatMap(labels: readonly string[], values: readonly (readonly number[])[]): string {
  const cell = 46
  const left = 130
  const height = 40 + labels.length * cell
  const cells = values.flatMap((row, y) =>
    row.map((value, x) => {
      const fill = `fill="#2f6db3" fill-opacity="${value.toFixed(3)}"`
      const box = `<rect x="${left + x * cell}" y="${24 + y * cell}" width="${cell - 2}" height="${cell - 2}" ${fill}/>`
      return box + text(left + (x + 0.48) * cell, 24 + (y + 0.58) * cell, value.toFixed(2), 'middle', 11)
    }),
  )
  const rows = labels.map((name, y) => text(left - 8, 24 + (y + 0.58) * cell, name, 'end'))
  const columns = labels.map((name, x) => text(left + (x + 0.48) * cell, 16, name.slice(0, 7), 'middle', 10))
  return svg([...cells, ...rows, ...columns], left + labels.length * cell + 8, height)
}

/** Points with their names. */
export function scatterChart(
  points: readonly { name: string; x: number; y: number }[],
  xLabel: string,
  yLabel: string,
): string {
  const right = niceTop(Math.max(0, ...points.map(({ x }) => x)))
  const top = niceTop(Math.max(0, ...points.map(({ y }) => y)))
  const xOf = scale([0, right], MARGIN.left, WIDTH - MARGIN.right)
  const yOf = scale([0, top], HEIGHT - MARGIN.bottom, MARGIN.top)
  const dots = points.map(
    ({ x, y }, index) => `<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(y).toFixed(1)}" r="5" fill="${colour(index)}"/>`,
  )
  const ticks = [0, right / 2, right].map((x) => text(xOf(x), HEIGHT - 20, short(x), 'middle'))
  const labels = [
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 4, xLabel, 'middle'),
    text(MARGIN.left + 6, MARGIN.top + 4, yLabel, 'start'),
  ]
  return svg([...yAxis(top, yOf), ...dots, ...ticks, ...labels, ...legend(points.map(({ name }) => name))])
}

/** Many points, coloured by the group they belong to; the largest groups are named, the others are one. */
export function mapChart(points: readonly { x: number; y: number; group: string }[]): string {
  const sizes = new Map<string, number>()
  for (const { group } of points) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const bySize = [...sizes].sort(([, a], [, b]) => b - a).map(([group]) => group)
  const named = bySize.slice(0, NAMED_GROUPS)
  const names = [...named, ...(bySize.length > named.length ? ['others'] : [])]
  const xOf = scale(extent(points.map(({ x }) => x)), MARGIN.left, WIDTH - MARGIN.right)
  const yOf = scale(extent(points.map(({ y }) => y)), MAP_HEIGHT - MARGIN.top, MARGIN.top)
  const dots = points.map(({ x, y, group }) => {
    const index = named.includes(group) ? named.indexOf(group) : names.length - 1
    return `<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(y).toFixed(1)}" r="2" fill="${colour(index)}" fill-opacity=".6"/>`
  })
  return svg([...dots, ...legend(names)], WIDTH, MAP_HEIGHT)
}

export function escapeText(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function svg(parts: readonly string[], width = WIDTH, height = HEIGHT): string {
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${parts.join('')}</svg>`
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length]!
}

function text(x: number, y: number, content: string, anchor: string, size = 11): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${escapeText(content)}</text>`
}

function yAxis(top: number, yOf: (y: number) => number): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = yOf(share * top)
    const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}" stroke="currentColor" stroke-opacity=".15"/>`
    return [line, text(MARGIN.left - 6, y + 4, short(share * top), 'end')]
  })
}

function legend(names: readonly string[]): string[] {
  return names.flatMap((name, index) => {
    const y = MARGIN.top + 8 + index * 18
    const x = WIDTH - MARGIN.right + 14
    return [
      `<rect x="${x}" y="${y - 8}" width="10" height="10" fill="${colour(index)}"/>`,
      text(x + 16, y + 1, name, 'start'),
    ]
  })
}

function scale([from, to]: readonly [number, number], start: number, end: number): (value: number) => number {
  const span = to - from || 1
  return (value) => start + ((value - from) / span) * (end - start)
}

function extent(values: readonly number[]): readonly [number, number] {
  return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)]
}

/** The least of 1, 1.5, 2, 3, 4, 5, 8 times a power of ten that is not below. */
function niceTop(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 1.5, 2, 3, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10)
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toString()
}
