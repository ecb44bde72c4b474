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
  const { dataset, position, total, paused, eventsPerSecond, streamAt, startsOver } = replay
  const ended = position >= total
  const change = async (what) => {
    try {
      await changeReplay(what)
      setFailure(undefined)
      return true
    } catch (error) {
      setFailure(error)
      return false
    }
  }
  const now = ended ? ': complete' : paused ? ', paused' : `, ${formatNumber(eventsPerSecond)} a second`
  return html`<div class="replay" data-paused=${paused ? '' : undefined}>
    ${!ended && html`<${Pace} replay=${replay} change=${change} />`}
    <div class="progress">
      <progress max=${total} value=${position} aria-label=${`Progress of ${dataset}`}></progress>
      <p>${dataset}: ${position.toLocaleString('en')} of ${total.toLocaleString('en')} events${now}${streamAt ? `, now at ${formatMoment(streamAt)}` : ''}</p>
    </div>
    ${startsOver ? html`<${StartOver} ...${{ dataset, position, ended, change }} />` : ended && html`<p class="quiet">Feedback goes on being learned from. To see the stream again, begin in an empty home (<code>--home</code>).</p>`}
    ${failure && html`<p class="failure">${failure.message}</p>`}
  </div>`
}

function Pace({ replay: { speed, paused }, change }) {
  const speeds = SPEEDS.includes(speed)
    ? SPEEDS
    : [...SPEEDS, speed].sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY))
  return html`<button type="button" class="button button-strong" onClick=${() => change({ paused: !paused })}>
      <${Icon} name=${paused ? 'play' : 'pause'} /> ${paused ? 'Resume' : 'Pause'}
    </button>
    <label class="speed">Speed
      <select value=${String(speed)} onChange=${({ currentTarget }) => change({ speed: JSON.parse(currentTarget.value) })}>
        ${speeds.map((one) => html`<option key=${one} value=${String(one)}>${one === null ? 'as fast as possible' : `${formatNumber(one)} ×`}</option>`)}
      </select>
    </label>`
}

/** Asks once more: what people gave as feedback goes, too. */
function StartOver({ dataset, position, ended, change }) {
  const [asking, setAsking] = useState(false)
  const [begunAt, setBegunAt] = useState()
  if (position >= begunAt) return html`<p class="quiet" role="status">Starting over …</p>`
  if (!asking)
    return html`<button type="button" class=${ended ? 'button button-strong' : 'button'} onClick=${() => setAsking(true)}>
      <${Icon} name="undo" /> Start over
    </button>`
  const begin = () => {
    setAsking(false)
    setBegunAt(position)
    change({ startOver: true }).then((done) => done || setBegunAt(undefined))
  }
  return html`<div class="start-over" role="group" aria-label="Start over?">
    <p>An event counts once: to play ${dataset} again, the log and all that was learned from it are deleted first, feedback and releases of models included.</p>
    <button type="button" class="button button-strong" onClick=${begin}>Delete and start over</button>
    <button type="button" class="button" onClick=${() => setAsking(false)}>Keep</button>
  </div>`
}
