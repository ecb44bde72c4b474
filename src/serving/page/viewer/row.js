import { html } from '../html.js'
import { Card } from './card.js'

export function Row({ id, title, items, userId, changes, given, give }) {
  return html`<section class="row" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <ul class="cards" tabindex="0" aria-label=${`${title}: ${items.length} films`}>
      ${items.map(
        (item) => html`<li key=${item.itemId}>
          <${Card} item=${item} userId=${userId} change=${changes.get(item.itemId)} given=${given.get(item.itemId)} give=${give} />
        </li>`,
      )}
    </ul>
  </section>`
}
