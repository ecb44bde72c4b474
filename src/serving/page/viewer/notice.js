import { useEffect } from 'preact/hooks'
import { html } from '../html.js'
import { Icon } from '../parts/icon.js'

const SHOWN_MS = 9000

/** What came of the last feedback, and the way back. */
export function Notice({ notice, entry, takeBack, dismiss }) {
  useEffect(() => {
    if (!notice) return undefined
    const timer = setTimeout(dismiss, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice])
  return html`<div class="notice-place">
    <div class="notice" role="status" data-empty=${notice ? undefined : ''}>
      ${notice && html`<p><strong>${notice.text}</strong>${notice.detail && html`<span class="notice-detail">${notice.detail}</span>`}</p>`}
      ${notice && entry && html`<button type="button" class="notice-undo" onClick=${() => takeBack(entry)}><${Icon} name="undo" /> Undo</button>`}
    </div>
  </div>`
}
