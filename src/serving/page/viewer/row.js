import { useEffect, useState } from 'preact/hooks'
import { html } from '../html.js'
import { Card } from './card.js'

/** The narrowest card and the gap behind it: no more fit into the window. */
const CARD_PX = 155
const AT_ONCE = Math.ceil(innerWidth / CARD_PX)

/**
 * What can be seen is drawn at once, the rest of the row when that has been painted.
 * @param below whether the row begins below the window: then all of it is drawn later
 */
export function Row({ id, title, items, below, ...rest }) {
  const seen = below ? 0 : AT_ONCE
  return html`<section class="row" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <ul class="cards" tabindex="0" aria-label=${`${title}: ${items.length} films`}>
      <${Cards} items=${items.slice(0, seen)} ...${rest} />
      <${Later} items=${items} from=${seen} ...${rest} />
    </ul>
  </section>`
}

function Cards({ items, userId, changes, given, give }) {
  return items.map(
    (item) => html`<li key=${item.itemId}>
      <${Card} item=${item} userId=${userId} change=${changes.get(item.itemId)} given=${given.get(item.itemId)} give=${give} />
    </li>`,
  )
}

function Later({ items, from, ...rest }) {
  const [drawn, setDrawn] = useState([])
  // Effects come after the painting.
  useEffect(() => setDrawn(items.slice(from)), [items, from])
  return html`<${Cards} items=${drawn} ...${rest} />`
}
