import { useEffect, useState } from 'preact/hooks'
import { fetchDeadLetters } from '../api.js'
import { html } from '../html.js'

/** @param refused how many there have been: when it grows, there is something to read */
export function DeadLetters({ refused }) {
  const [found, setFound] = useState({ total: 0, letters: [] })
  const [failure, setFailure] = useState()
  useEffect(() => {
    fetchDeadLetters().then(setFound, setFailure)
  }, [refused])
  const { total, letters } = found
  if (failure) return html`<p class="failure">${failure.message}</p>`
  if (letters.length === 0) return html`<p class="empty">None: everything that has come could be read.</p>`
  return html`<p class="empty">${total.toLocaleString('en')} in all, the latest first.</p>
    <ul class="letters">${letters.map(
      ({ topic, partition, offset, reason, value, at }) => html`<li key=${`${topic} ${partition} ${offset} ${at}`}>
        <details>
          <summary><b>${topic}</b> <span class="quiet">${partition} / ${offset}</span> ${reason}</summary>
          <pre tabindex="0">${textOf(value)}</pre>
        </details>
      </li>`,
    )}</ul>`
}

/** What the refused message looked like, as far as it is text. */
function textOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return new TextDecoder().decode(bytes)
}
