import { html } from '../html.js'
import { ItemButton } from './item-button.js'

const GENRES = 10
const HISTORY = 12

/** What the state has of a user: genres for and against, and what they did last. */
export function Taste({ user, history, ...listed }) {
  if (!user) return html`<p class="quiet">Nothing is known of this user.</p>`
  const { features } = user
  const genres = features.genres.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, GENRES)
  const most = Math.max(...genres.map(({ weight }) => Math.abs(weight)), 1e-9)
  const facts = [
    ['events', features.count.toLocaleString('en')],
    ['mean rating', features.meanValue?.toFixed(2)],
    ['mean year of release', features.meanYear?.toFixed(0)],
  ].filter(([, value]) => value !== undefined)
  return html`
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <ul class="genres" aria-label="Preference by genre, decayed">${genres
      .toSorted((a, b) => b.weight - a.weight)
      .map(
        ({
          genre,
          weight,
        }) => html`<li key=${genre} data-negative=${weight < 0 ? '' : undefined} style=${{ '--share': Math.abs(weight) / most }}>
        <span>${genre}</span><span class="genre-bar"></span><span class="small">${weight.toFixed(1)}</span>
      </li>`,
      )}</ul>
    <h3>Latest</h3>
    <ol class="latest">${history.slice(0, HISTORY).map(
      ({ itemId, title, kind, value, at }) => html`<li key=${`${itemId} ${at}`}>
        <${ItemButton} itemId=${itemId} title=${title} ...${listed}><span class="rank">${kind === 'rating' ? value : kind}</span><//>
      </li>`,
    )}</ol>`
}
