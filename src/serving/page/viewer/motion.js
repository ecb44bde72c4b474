// Moves cards from where they were to where they are (first, last, invert, play), so that a new order can be seen as one.

const MOVE = { duration: 520, easing: 'cubic-bezier(0.22, 0.8, 0.24, 1)' }
const ARRIVE = { duration: 420, easing: 'ease-out' }
const stillness = matchMedia('(prefers-reduced-motion: reduce)')

/** Of the rows that can be seen: those that cannot are not laid out, and asking them where they are would do it. */
function cardsIn(container) {
  const rows = [...container.children].filter((row) => isSeen(row.getBoundingClientRect()))
  return rows.flatMap((row) => [...row.querySelectorAll('[data-item]')])
}

const isSeen = ({ left, right, top, bottom }) => right >= 0 && left <= innerWidth && bottom >= 0 && top <= innerHeight

/** Where the cards are now. */
export function positions(container) {
  return new Map(cardsIn(container).map((card) => [card.dataset.item, card.getBoundingClientRect()]))
}

/** After a drawing: moves what is elsewhere than `before` from there, and lets what was nowhere arrive. */
export function moveFrom(container, before) {
  if (stillness.matches) return
  for (const card of cardsIn(container)) {
    const now = card.getBoundingClientRect()
    if (!isSeen(now)) continue
    const then = before.get(card.dataset.item)
    if (!then) {
      card.animate(
        [
          { opacity: 0, transform: 'translateY(14px) scale(0.96)' },
          { opacity: 1, transform: 'none' },
        ],
        ARRIVE,
      )
      continue
    }
    const [x, y] = [then.left - now.left, then.top - now.top]
    if (Math.abs(x) + Math.abs(y) < 1) continue
    card.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], MOVE)
  }
}
