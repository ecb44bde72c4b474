import { useEffect, useMemo, useState } from 'preact/hooks'
import { html } from '../html.js'
import { memo } from '../parts/memo.js'
import { Card } from './card.js'
import { MOVING_MS } from './motion.js'

/** After the cards that can be seen have come to rest, what cannot be seen is drawn by then, however busy the browser is. */
const LATEST_MS = 250

/**
 * What can be seen is drawn at once, the rest of the row when nothing moves any more and the browser has nothing else to do.
 * @param atOnce how many cards can be seen, none where the row cannot
 */
export const Row = memo(function Row({ id, title, items, atOnce, userId, changes, given, give }) {
  const drawn = useDrawn(items, atOnce)
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
  useEffect(() => whenIdle(() => setWhole(items), whole.length > 0 ? MOVING_MS : 0), [items])
  return useMemo(() => {
    if (whole === items) return items
    const rest = new Map(items.slice(atOnce).map((item) => [item.itemId, item]))
    return [...items.slice(0, atOnce), ...whole.flatMap(({ itemId }) => rest.get(itemId) ?? [])]
  }, [items, whole, atOnce])
}

/** Answers how to call it off. */
function whenIdle(work, afterMs) {
  let handle
  const ask = () => {
    handle = window.requestIdleCallback ? requestIdleCallback(work, { timeout: LATEST_MS }) : work()
  }
  const timer = setTimeout(ask, afterMs)
  return () => {
    clearTimeout(timer)
    if (handle) cancelIdleCallback(handle)
  }
}
