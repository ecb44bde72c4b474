import { useState } from 'preact/hooks'
import { changeReplay } from '../api.js'
import { html } from '../html.js'
import { Icon } from '../parts/icon.js'
import { formatMoment } from '../time.js'
import { formatNumber } from './format.js'

/** Stream time per wall time; null is as fast as possible. */
const SPEEDS = [1, 100, 1000, 10_000, 100_000, 1_000_000, null]

export function ReplayControls({ replay }) {
  const [failure, setFailure] = useState()
  if (!replay) return html`<p class="empty">No replay runs in this process.</p>`
  const { dataset, position, total, speed, paused, eventsPerSecond, streamAt } = replay
  const ended = position >= total
  const change = (what) => changeReplay(what).then(() => setFailure(undefined), setFailure)
  const speeds = SPEEDS.includes(speed)
    ? SPEEDS
    : [...SPEEDS, speed].sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY))
  return html`<div class="replay" data-paused=${paused ? '' : undefined}>
    <button type="button" class="button button-strong" disabled=${ended} onClick=${() => change({ paused: !paused })}>
      <${Icon} name=${paused ? 'play' : 'pause'} /> ${paused ? 'Resume' : 'Pause'}
    </button>
    <label class="speed">Speed
      <select value=${String(speed)} onChange=${({ currentTarget }) => change({ speed: JSON.parse(currentTarget.value) })}>
        ${speeds.map((one) => html`<option key=${one} value=${String(one)}>${one === null ? 'as fast as possible' : `${formatNumber(one)} ×`}</option>`)}
      </select>
    </label>
    <div class="progress">
      <progress max=${total} value=${position} aria-label=${`Progress of ${dataset}`}></progress>
      <p>${dataset}: ${position.toLocaleString('en')} of ${total.toLocaleString('en')} events${ended ? ', to its end' : paused ? ', paused' : `, ${formatNumber(eventsPerSecond)} a second`}${streamAt ? `, now at ${formatMoment(streamAt)}` : ''}</p>
    </div>
    ${failure && html`<p class="failure">${failure.message}</p>`}
  </div>`
}
