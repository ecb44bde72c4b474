import { html } from '../html.js'

/** A film in a list: pointing at it finds it in every other list, choosing it follows it through. */
export function ItemButton({ itemId, title, target, active, setActive, inspect, children }) {
  const look = () => setActive(itemId)
  const leave = () => setActive(undefined)
  return html`<button type="button" class="item" aria-pressed=${itemId === target} data-active=${itemId === active ? '' : undefined}
    onMouseEnter=${look} onMouseLeave=${leave} onFocus=${look} onBlur=${leave} onClick=${() => inspect(itemId)}>
    <span class="item-title">${title}</span> ${children}
  </button>`
}
