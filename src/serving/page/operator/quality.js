import { useState } from 'preact/hooks'
import { html } from '../html.js'
import { Chart } from './chart.js'

/** Lines that are drawn unless others are chosen. */
const SHOWN = ['ranker', 'din', 'blend', 'co-visitation', 'popular']
const COLOURS = {
  ranker: '--accent',
  din: '--accent',
  blend: '--warm',
  'co-visitation': '--good',
  popular: '--quiet',
  sequence: '--series-1',
  'two-tower': '--series-2',
  'session-knn': '--series-3',
  'item-cf': '--series-4',
  'trained-item-cf': '--series-5',
}
const OTHERS = ['--series-6', '--series-7', '--series-8']
const SHORT_SPAN_SECONDS = 3 * 86_400
const timeZone = 'UTC'
const DAY = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short', year: '2-digit' })
const HOUR = new Intl.DateTimeFormat('en-GB', {
  timeZone,
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

const wholePercent = (share) => `${Math.round(100 * share)} %`
const percent = (share) => (share == null ? undefined : `${(100 * share).toFixed(1)} %`)

/**
 * How often the film of the next event was among the first ten, by source and stage of ranking, over stream time.
 * @param quality as the server sends it; undefined where nothing is predicted here
 */
export function Quality({ quality, predicts }) {
  const [chosen, setChosen] = useState(SHOWN)
  if (!quality?.systems.length) {
    return html`<p class="empty">${predicts ? 'No event has been predicted yet.' : 'Measured where folding and serving are one process: tributary start.'}</p>`
  }
  const { times, predicted, unpredictable, missed, window } = quality
  const colourOf = (name, place) => COLOURS[name] ?? OTHERS[place % OTHERS.length]
  const systems = quality.systems
    .map((system, place) => ({ ...system, colour: colourOf(system.name, place) }))
    .sort((a, b) => b.latest - a.latest)
  const series = systems
    .filter(({ name }) => chosen.includes(name))
    .map(({ name, line, colour }) => ({ name, colour, values: line, format: percent, formatTick: wholePercent }))
  const seconds = times.map((time) => time / 1000)
  const clock = seconds.at(-1) - seconds[0] > SHORT_SPAN_SECONDS ? DAY : HOUR
  const toggle = (name) =>
    setChosen((before) => (before.includes(name) ? before.filter((one) => one !== name) : [...before, name]))
  return html`<div class="quality">
    <div>
      <${Chart} label=${`HR@10 of the last ${window} events, over stream time`} times=${seconds} series=${series} formatTime=${(time) => clock.format(time * 1000)} />
      <p class="quiet small">How often the film of an event was among the first ten, asked just before the event was learned:
        ${` ${predicted.toLocaleString('en')} predicted; ${unpredictable.toLocaleString('en')} could not be, of somebody new or a film met before${missed > 0 ? `; ${missed.toLocaleString('en')} came too late` : ''}.`}</p>
    </div>
    <table>
      <thead><tr><th scope="col">HR@10</th><th scope="col">last ${window}</th><th scope="col">all</th><th scope="col">events</th></tr></thead>
      <tbody>${systems.map(
        ({ name, latest, whole, n, colour }) => html`<tr key=${name}>
          <th scope="row"><label class="line-choice" style=${{ '--key': `var(${colour})` }}>
            <input type="checkbox" checked=${chosen.includes(name)} onChange=${() => toggle(name)} /><span class="key">${name}</span>
          </label></th>
          <td>${percent(latest) ?? '–'}</td><td>${percent(whole) ?? '–'}</td><td>${n.toLocaleString('en')}</td>
        </tr>`,
      )}</tbody>
    </table>
  </div>`
}
