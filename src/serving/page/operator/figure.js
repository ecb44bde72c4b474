import { html } from '../html.js'

/** One number with its name. */
export function Figure({ name, value, unit, note, tone }) {
  return html`<div class="figure" data-tone=${tone}>
    <dt>${name}</dt>
    <dd><span class="value">${value ?? '–'}</span>${unit && value != null && html` <span class="unit">${unit}</span>`}</dd>
    ${note && html`<dd class="figure-note">${note}</dd>`}
  </div>`
}
