import { isGuest } from '../guest.js'
import { html } from '../html.js'

const GENRES = 4

/** Who it is, as far as the state knows. */
export function Person({ userId, user }) {
  const { features, attributes = {} } = user ?? {}
  const liked = (features?.genres ?? []).filter(({ weight }) => weight > 0).slice(0, GENRES)
  const facts = [
    features && `${features.count.toLocaleString('en')} events`,
    features?.meanValue && `rates ${features.meanValue.toFixed(1)} on average`,
    ...Object.values(attributes)
      .filter((value) => /\D/.test(value) && value.length > 1)
      .slice(0, 2),
  ].filter(Boolean)
  return html`<div class="person">
    <h1>${isGuest(userId) ? 'For you' : html`For user <em>${userId}</em>`}</h1>
    <p class="person-facts">${facts.join(' · ') || (user === null ? 'Nobody knows you yet: these are what everybody watches.' : ' ')}</p>
    ${liked.length > 0 && html`<ul class="chips" aria-label="Favourite genres">${liked.map(({ genre }) => html`<li key=${genre}>${genre}</li>`)}</ul>`}
  </div>`
}
