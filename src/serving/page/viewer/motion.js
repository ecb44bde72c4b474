// Moves cards from where they were to where they are (first, last, invert, play), so that a new order can be seen as one.

/** By then everything is where it belongs. */
export const MOVING_MS = 520
const MOVE = { duration: MOVING_MS, easing: 'cubic-bezier(0.22, 0.8, 0.24, 1)' }
const ARRIVE = { duration: 420, easing: 'ease-out' }
const stillness = matchMedia('(prefers-reduced-motion: reduce)')

/** Two at once on one card could not be left to the compositor. */
let moving = []

/** Of the rows that can be seen: those that cannot are not laid out, and asking what is in them where it is would do it. */
function cardsIn(container) {
  const rows = [...container.children].filter((row) => isSeen(row.getBoundingClientRect()))
  return rows.flatMap((row) => [...row.querySelectorAll('[data-item]')])
}

const isSeen = ({ left, right, top, bottom }) => right >= 0 && left <= innerWidth && bottom >= 0 && top <= innerHeight

/** The narrowest card and the gap behind it. */
const CARD_PX = 155
/** A row is at least so high. */
const LOWEST_ROW_PX = 380

/** Of each row, how many of its cards at most end left of the window's right edge; none of a row outside the window. */
export function cardsSeen(container) {
  return [...container.querySelectorAll('.row')].map((row) => {
    if (!isSeen(row.getBoundingClientRect())) return 0
    return cardsBefore(row.querySelector('.cards').scrollLeft + innerWidth)
  })
}

/** The same of the row in that place before it is drawn. */
export const cardsSeenAt = (place) => (place * LOWEST_ROW_PX < innerHeight ? cardsBefore(innerWidth) : 0)

const cardsBefore = (px) => Math.ceil(px / CARD_PX)

/** Where the cards are now. */
export function positions(container) {
  return new Map(cardsIn(container).map((card) => [card.dataset.item, card.getBoundingClientRect()]))
}

/** After a drawing: moves what is elsewhere than `before` from there, and lets what was nowhere arrive. */
export function moveFrom(container, before) {
  for (const animation of moving) animation.cancel()
  moving = []
  if (stillness.matches) return
  const seen = cardsIn(container)
    .map((card) => ({ card, now: card.getBoundingClientRect() }))
    .filter(({ now }) => isSeen(now))
  for (const { card, now } of seen) {
    const then = before.get(card.dataset.item)
    if (!then) {
      const from = { opacity: 0, transform: 'translateY(14px) scale(0.96)' }
      moving.push(card.animate([from, { opacity: 1, transform: 'none' }], ARRIVE))
      continue
    }
    const [x, y] = [then.left - now.left, then.top - now.top]
    if (Math.abs(x) + Math.abs(y) < 1) continue
    moving.push(card.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], MOVE))
  }
}
