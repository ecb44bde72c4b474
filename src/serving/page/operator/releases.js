import { useEffect, useState } from 'preact/hooks'
import { fetchReleases } from '../api.js'
import { html } from '../html.js'
import { formatDay } from '../time.js'
import { formatNumber } from './format.js'

const MEASURES = 6
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** Releases with what the gate said of them, and when each went into service here. */
export function Releases({ swaps }) {
  const [releases, setReleases] = useState([])
  const [failure, setFailure] = useState()
  const count = swaps?.length ?? 0
  useEffect(() => {
    const look = () => fetchReleases().then(setReleases, setFailure)
    look()
    const timer = setInterval(look, 10_000)
    return () => clearInterval(timer)
  }, [count])
  if (failure) return html`<p class="failure">${failure.message}</p>`
  if (releases.length === 0) return html`<p class="empty">None is known to this process.</p>`
  return html`
    ${count > 0 && html`<ol class="swaps" aria-label="Swaps">${swaps.map(({ version, at, loadingMs }) => html`<li key=${at}><time>${CLOCK.format(at)}</time> ${version} <span class="quiet">in ${Math.round(loadingMs)} ms</span></li>`)}</ol>`}
    <ul class="releases">${releases.map((release) => html`<${Release} key=${`${release.version} ${release.outcome}`} ...${release} />`)}</ul>`
}

function Release({ version, createdAt, watermark, outcome, inService, models, reasons, measures }) {
  const shown = Object.entries(measures).slice(0, MEASURES)
  return html`<li class="release" data-outcome=${outcome} data-in-service=${inService ? '' : undefined}>
    <p><b>${version}</b> <span class="tag">${inService ? 'in service' : outcome}</span></p>
    <p class="quiet">Made ${CLOCK.format(createdAt)}, knows the stream up to ${formatDay(watermark)}; ${models.join(', ')}</p>
    ${reasons.length > 0 && html`<p class="lowered">${reasons.join(' ')}</p>`}
    ${shown.length > 0 && html`<dl class="measures">${shown.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${formatNumber(value)}</dd></div>`)}</dl>`}
  </li>`
}
