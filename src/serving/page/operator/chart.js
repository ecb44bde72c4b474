import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { html } from '../html.js'
import { formatNumber } from './format.js'

const HEIGHT = 170
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
const formatClock = (seconds) => CLOCK.format(seconds * 1000)
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/**
 * Lines over time.
 * @param times seconds since 1970
 * @param series `{ name, values, colour, format, formatTick? }` each; the colour is a CSS variable
 * @param formatTime of seconds since 1970, for the axis
 */
export function Chart({ label, times, series, formatTime = formatClock }) {
  const place = useRef()
  const plot = useRef()
  const data = [times, ...series.map(({ values }) => values)]
  const timeFormat = useRef()
  timeFormat.current = formatTime
  const shape = series.map(({ name }) => name).join()

  useEffect(() => {
    // Held on to: after the view is left the ref is empty, and observers may still have something to say.
    const element = place.current
    const make = () => {
      plot.current?.destroy()
      plot.current = new uPlot(
        optionsOf(series, element.clientWidth, (seconds) => timeFormat.current(seconds)),
        data,
        element,
      )
    }
    make()
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    // Colours are read when a chart is made.
    const themes = new MutationObserver(make)
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      resized.disconnect()
      themes.disconnect()
      plot.current.destroy()
      plot.current = undefined
    }
  }, [shape])
  useEffect(() => plot.current?.setData(data), [times.at(-1), times.length, shape])

  const latest = series.map(
    ({ name, values, format }) => `${name} ${format(values.findLast((value) => value != null)) ?? 'unknown'}`,
  )
  return html`<figure class="chart" role="img" aria-label=${`${label}: ${latest.join(', ')}`}>
    <figcaption>${label}<span class="legend">${series.map(({ name, colour, values, format }) => html`<span key=${name} class="key" style=${{ '--key': `var(${colour})` }}>${name} <b>${format(values.findLast((value) => value != null)) ?? '–'}</b></span>`)}</span></figcaption>
    <div ref=${place}></div>
  </figure>`
}

function optionsOf(series, width, formatTime) {
  const axis = { stroke: colourOf('--quiet'), font: '12px "Instrument Sans", sans-serif', ticks: { show: false } }
  const grid = { stroke: colourOf('--line'), width: 1 }
  return {
    width,
    height: HEIGHT,
    // Room for half of the last time.
    padding: [8, 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 80,
        size: 28,
        values: (_plot, ticks) => ticks.map(formatTime),
      },
      { ...axis, grid, size: 46, values: (_plot, ticks) => ticks.map(series[0]?.formatTick ?? formatNumber) },
    ],
    series: [
      {},
      ...series.map(({ name, colour }) => ({
        label: name,
        stroke: colourOf(colour),
        width: 2,
        spanGaps: true,
        points: { show: false },
      })),
    ],
  }
}
