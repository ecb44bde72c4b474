import { useState } from 'preact/hooks'
import { html } from '../html.js'
import { styleSheet } from '../parts/style-sheet.js'
import { formatMoment } from '../time.js'
import { useStream } from '../use-stream.js'
import { Chart } from './chart.js'
import { DeadLetters } from './dead-letters.js'
import { Figure } from './figure.js'
import { formatNumber } from './format.js'
import { Quality } from './quality.js'
import { Releases } from './releases.js'
import { ReplayControls } from './replay-controls.js'

await Promise.all([styleSheet('/styles/operator.css'), styleSheet('/vendor/uplot.css')])

const POINTS = 300

export function Operator() {
  const [points, setPoints] = useState([])
  const [figures, setFigures] = useState()
  const [quality, setQuality] = useState()
  const connected = useStream('/stream/operations', {
    past: setPoints,
    quality: setQuality,
    figures(latest) {
      setFigures(latest)
      setPoints((before) =>
        before.at(-1)?.at === latest.point.at ? before : [...before.slice(1 - POINTS), latest.point],
      )
    },
  })
  if (!figures)
    return html`<p class="waiting" aria-busy="true">${connected === false ? 'The server does not answer. Trying again …' : 'Waiting for the first figures …'}</p>`
  const { point, streamTime, consumed, replay, routes, stages, swaps, inFlight } = figures
  const times = points.map(({ at }) => at / 1000)
  const line = (name, key, colour) => ({ name, colour, values: points.map((one) => one[key]), format: formatNumber })

  return html`<div class="board">
    <h1 class="unseen">Operator</h1>
    <section class="panel panel-wide" aria-labelledby="replay-title">
      <h2 id="replay-title">Replay</h2>
      <${ReplayControls} replay=${replay} />
    </section>
    <dl class="figures panel-wide">
      <${Figure} name="Events" value=${formatNumber(point.eventsPerSecond)} unit="/s" note=${consumed && `${consumed.events.toLocaleString('en')} since the start`} />
      <${Figure} name="Lag" value=${formatNumber(point.lag)} unit="events" note=${consumed && `event log ${formatNumber(consumed.logLag)}`} tone=${point.lag > 1000 ? 'warm' : undefined} />
      <${Figure} name="Freshness" value=${formatNumber(point.freshnessP50Ms)} unit="ms" note=${point.freshnessP99Ms == null ? 'nothing in the last minute' : `p99 ${formatNumber(point.freshnessP99Ms)} ms, last minute`} />
      <${Figure} name="Requests" value=${formatNumber(point.requestsPerSecond)} unit="/s" note=${`${inFlight} in flight`} />
      <${Figure} name="Slate, p99" value=${formatNumber(point.p99Ms)} unit="ms" note=${point.p50Ms == null ? 'nobody has asked' : `p50 ${formatNumber(point.p50Ms)} ms`} />
      <${Figure} name="Stream clock" value=${formatMoment(streamTime).split(', ')[1]} note=${formatMoment(streamTime).split(', ')[0]} />
    </dl>
    <section class="panel" aria-label="Events">
      <${Chart} label="Events folded, a second" times=${times} series=${[line('events', 'eventsPerSecond', '--accent')]} />
    </section>
    <section class="panel" aria-label="Freshness">
      <${Chart} label="From accepted to visible, ms" times=${times} series=${[line('p50', 'freshnessP50Ms', '--accent'), line('p99', 'freshnessP99Ms', '--warm')]} />
    </section>
    <section class="panel panel-wide" aria-labelledby="quality-title">
      <h2 id="quality-title">Quality on the running stream</h2>
      <${Quality} quality=${quality} predicts=${consumed !== null} />
    </section>
    <section class="panel" aria-labelledby="latency-title">
      <h2 id="latency-title">Latency, last 10 seconds</h2>
      <${Latencies} routes=${routes} stages=${stages} />
    </section>
    <section class="panel" aria-labelledby="releases-title">
      <h2 id="releases-title">Releases</h2>
      <${Releases} swaps=${swaps} />
    </section>
    <section class="panel panel-wide" aria-labelledby="letters-title">
      <h2 id="letters-title">Dead letters</h2>
      <${DeadLetters} refused=${consumed?.refused} />
    </section>
  </div>`
}

function Latencies({ routes, stages }) {
  if (routes.length + stages.length === 0) return html`<p class="empty">Nobody has asked for anything.</p>`
  const rows = (list, name) =>
    list.map(
      (one) =>
        html`<tr key=${`${name} ${one.name}`}><th scope="row">${one.name}</th><td>${formatNumber(one.perSecond)}</td><td>${formatNumber(one.p50Ms)}</td><td>${formatNumber(one.p99Ms)}</td></tr>`,
    )
  return html`<table>
    <thead><tr><th scope="col">route or stage</th><th scope="col">/s</th><th scope="col">p50, ms</th><th scope="col">p99, ms</th></tr></thead>
    <tbody>${rows(routes, 'route')}</tbody>
    <tbody class="stages">${rows(stages, 'stage')}</tbody>
  </table>`
}
