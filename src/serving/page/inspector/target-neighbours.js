import { useEffect, useState } from 'preact/hooks'
import { fetchNeighbours, fetchSimilar } from '../api.js'
import { html } from '../html.js'
import { Neighbours } from './neighbours.js'

const SHOWN = 14
const SPACES = {
  together: ['All sources', 'what all sources together put next to it'],
  'co-visitation': ['Visited with', 'what people visit before and after it'],
  'two-tower': ['Two-tower', 'the nearest in the space that users and films share, by cosine'],
  sequence: ['Sequence', 'the nearest among the embeddings of the sequence model, by cosine'],
}

/** What lies around a film, in the space that is chosen. */
export function TargetNeighbours({ target, inspect }) {
  const spaces = useSpaces(target?.itemId)
  const [chosen, choose] = useState('together')
  if (!target) return html`<p class="quiet">Choose a film to see what goes with it.</p>`
  if (!spaces) return html`<p class="quiet" aria-busy="true">Loading …</p>`
  const known = spaces.filter(({ neighbours }) => neighbours.length > 0)
  if (known.length === 0) return html`<p class="quiet">Nothing goes with ${target.title} yet.</p>`
  const { name, neighbours } = known.find((space) => space.name === chosen) ?? known[0]
  const labels = (space) => SPACES[space] ?? [space, `the nearest by ${space}`]
  return html`
    <div class="spaces" role="group" aria-label="Space">${known.map(
      (space) =>
        html`<button key=${space.name} type="button" class="button" aria-pressed=${space.name === name} onClick=${() => choose(space.name)}>${labels(space.name)[0]}</button>`,
    )}</div>
    <p class="quiet small">${`The nearer, the stronger: ${labels(name)[1]}.`}</p>
    <${Neighbours} key=${name} center=${target} items=${neighbours} inspect=${inspect} />`
}

function useSpaces(itemId) {
  const [spaces, setSpaces] = useState()
  useEffect(() => {
    setSpaces(undefined)
    if (!itemId) return undefined
    let stale = false
    Promise.all([fetchSimilar(itemId, SHOWN), fetchNeighbours(itemId, SHOWN)]).then(
      ([together, others]) => stale || setSpaces([{ name: 'together', neighbours: together }, ...others]),
      () => stale || setSpaces([]),
    )
    return () => {
      stale = true
    }
  }, [itemId])
  return spaces
}
