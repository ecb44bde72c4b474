import { html } from '../html.js'
import { hashOf, sequenceOf } from './hash.js'
import { memo } from './memo.js'
import { motifOf } from './motifs.js'
import { postersWanted } from './poster-switch.js'

/** One poster in four is dark on light. */
const LIGHT_SHARE = 4
/** Hues that go together: of the ground and of two shapes. */
const SCHEMES = [
  [255, 30, 82],
  [200, 85, 42],
  [332, 36, 84],
  [158, 78, 225],
  [30, 78, 196],
  [282, 350, 62],
  [240, 225, 92],
  [118, 46, 90],
  [308, 192, 25],
  [218, 55, 190],
  [12, 5, 66],
  [268, 27, 88],
]
/** How far a title's own colours lie from its scheme's, at most. */
const OWN_HUE = 9

/**
 * The poster of the catalogue where it carries one and it is wanted, else one drawn from what is known of the film:
 * always the same for one title, different from its neighbours.
 */
export const Poster = memo(function Poster({ title, year, genres = [], posterUrl, small = false }) {
  if (posterUrl && postersWanted()) {
    return html`<span class="poster"><img src=${posterUrl} alt=${title} loading="lazy" referrerpolicy="no-referrer" /></span>`
  }
  const seed = hashOf(title)
  const look = (seed >>> 20) % LIGHT_SHARE === 0 ? 'light' : 'dark'
  return html`<span class="poster" data-look=${look} style=${coloursOf(seed)}>
    <svg aria-hidden="true" viewBox="0 0 200 300" preserveAspectRatio="xMidYMin slice" dangerouslySetInnerHTML=${{ __html: motifOf(genres, seed >>> 4)(sequenceOf(seed)) }} />
    ${
      !small &&
      html`<span class="poster-text">
      <span class="poster-title" data-long=${title.length > 26 ? '' : undefined}>${title}</span>
      <span class="poster-meta">${[year, genres[0]].filter(Boolean).join(' · ')}</span>
    </span>`
    }
  </span>`
}, textOf)

function textOf({ title, year, genres, posterUrl, small }) {
  return [title, year, genres, posterUrl, small].join('\n')
}

function coloursOf(seed) {
  const own = ((seed >>> 12) % (2 * OWN_HUE + 1)) - OWN_HUE
  const [ground, a, b] = SCHEMES[seed % SCHEMES.length]
  return { '--hue': ground + own, '--hue-a': a + own, '--hue-b': b + own }
}
