import htm from 'htm'
import { h } from 'preact'

/** Templates: html`<p class=${name}>…</p>`. */
export const html = htm.bind(h)
