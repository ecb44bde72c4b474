import { html } from '../html.js'

const SIZE = 560
const MIDDLE = SIZE / 2
const NEAREST = 0.42
const FARTHEST = 0.9
/** Every other one a little further out, so that titles do not meet. */
const STAGGER = 0.06
const TITLE_LENGTH = 24
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5))

/** A film among those that go with it, the first of them nearest. */
export function Neighbours({ center, items, inspect }) {
  const dots = items.map((item, i) => {
    const closeness = 1 - i / items.length
    const distance = (FARTHEST - (FARTHEST - NEAREST) * closeness + (i % 2) * STAGGER) * (MIDDLE - 50)
    const angle = i * GOLDEN_ANGLE - Math.PI / 2
    return { ...item, x: MIDDLE + distance * 0.92 * Math.cos(angle), y: MIDDLE + distance * Math.sin(angle), closeness }
  })
  return html`<svg class="map" viewBox=${`0 0 ${SIZE} ${SIZE}`} role="group" aria-label=${`What goes with ${center.title}, the nearer the stronger`}>
    ${[0.4, 0.65, 0.9].map((ring) => html`<circle key=${ring} class="ring" cx=${MIDDLE} cy=${MIDDLE} r=${ring * (MIDDLE - 50)} />`)}
    ${dots.map(({ itemId, x, y }) => html`<line key=${itemId} class="spoke" x1=${MIDDLE} y1=${MIDDLE} x2=${x} y2=${y} />`)}
    <circle class="sun" cx=${MIDDLE} cy=${MIDDLE} r="11" />
    <text class="map-center" x=${MIDDLE} y=${MIDDLE + 32}>${short(center.title)}</text>
    ${dots.map(
      ({
        itemId,
        title,
        x,
        y,
        closeness,
      }) => html`<a key=${itemId} href=${`?target=${encodeURIComponent(itemId)}`} onClick=${(event) => {
        event.preventDefault()
        inspect(itemId)
      }}>
        <circle class="planet" cx=${x} cy=${y} r=${5 + 5 * closeness} />
        <text x=${x} y=${y + 22}>${short(title)}</text><title>${title}</title>
      </a>`,
    )}
  </svg>`
}

const short = (title) => (title.length > TITLE_LENGTH ? `${title.slice(0, TITLE_LENGTH - 1)}…` : title)
