import { useEffect, useMemo, useState } from 'preact/hooks'
import { html } from '../html.js'
import { memo } from '../parts/memo.js'
import { Card } from './card.js'

/** The narrowest card and the gap behind it: no more fit into the window. */
const CARD_PX = 155
const AT_ONCE = Math.ceil(innerWidth / CARD_PX)
/** What cannot be seen is drawn by then, however busy the browser is. */
const LATEST_MS = 250

/**
 * What can be seen is drawn at once, the rest of the row when the browser has nothing else to do.
 * @param below whether the row begins below the window: then all of it is drawn later
 */
export const Row = memo(function Row({ id, title, items, below, userId, changes, given, give }) {
  const drawn = useDrawn(items, below ? 0 : AT_ONCE)
  return html`<section class="row" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <ul class="cards" tabindex="0" aria-label=${`${title}: ${items.length} films`}>
      ${drawn.map(
        (item) => html`<li key=${item.itemId}>
          <${Card} item=${item} userId=${userId} change=${changes.get(item.itemId)} given=${given.get(item.itemId)} give=${give} />
        </li>`,
      )}
    </ul>
  </section>`
})

/** The first `atOnce` of the items, and behind them what of the rest stands there already; later all of them. */
function useDrawn(items, atOnce) {
  const [whole, setWhole] = useState([])
  // Effects come after the painting.
  useEffect(() => whenIdle(() => setWhole(items)), [items])
  return useMemo(() => {
    if (whole === items) return items
    const rest = new Map(items.slice(atOnce).map((item) => [item.itemId, item]))
    return [...items.slice(0, atOnce), ...whole.flatMap(({ itemId }) => rest.get(itemId) ?? [])]
  }, [items, whole])
}

/** Answers how to call it off. */
function whenIdle(work) {
  if (!window.requestIdleCallback) {
    const timer = setTimeout(work)
    return () => clearTimeout(timer)
  }
  const handle = requestIdleCallback(work, { timeout: LATEST_MS })
  return () => cancelIdleCallback(handle)
}
