import { useEffect, useMemo, useState } from 'preact/hooks'
import { html } from '../html.js'
import { memo } from '../parts/memo.js'
import { Card } from './card.js'
import { MOVING_MS } from './motion.js'

/** After the cards that can be seen have come to rest, what cannot be seen is drawn by then, however busy the browser is. */
const LATEST_MS = 250
/** A click waits for so many cards at most, some 15 ms. */
const CARDS_A_TIME = 6

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

/** The first `atOnce` of the items, and behind them what of the rest stands there already; later, a few at a time, all of them. */
function useDrawn(items, atOnce) {
  const [standing, setStanding] = useState([])
  // Effects come after the painting.
  useEffect(() => {
    let count = atOnce
    const drawMore = () => {
      count += CARDS_A_TIME
      const first = items.slice(0, count)
      setStanding((before) => [...first, ...without(before, first)])
      return count < items.length
    }
    return whenIdle(drawMore, standing.length > 0 ? MOVING_MS : 0)
  }, [items])
  return useMemo(() => {
    const rest = new Map(items.slice(atOnce).map((item) => [item.itemId, item]))
    return [...items.slice(0, atOnce), ...standing.flatMap(({ itemId }) => rest.get(itemId) ?? [])]
  }, [items, standing, atOnce])
}

function without(items, others) {
  const ids = new Set(others.map(({ itemId }) => itemId))
  return items.filter(({ itemId }) => !ids.has(itemId))
}

/**
 * @param work answers whether there is more of it
 * @returns how to call it off
 */
function whenIdle(work, afterMs) {
  let handle
  let timer = setTimeout(ask, afterMs)
  function ask() {
    if (window.requestIdleCallback) handle = requestIdleCallback(go, { timeout: LATEST_MS })
    else go()
  }
  // Between two pieces of work the browser comes to what has been clicked, or has arrived.
  function go() {
    if (work()) timer = setTimeout(ask)
  }
  return () => {
    clearTimeout(timer)
    if (handle) cancelIdleCallback(handle)
  }
}
