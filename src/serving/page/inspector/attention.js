import { html } from '../html.js'
import { ItemButton } from './item-button.js'

const WIDTH = 640
const HEIGHT = 210
const BASE = 176
const TOP = 22
const MARGIN = 16
/** Of the history: more would not be told apart. */
const ENTRIES = 50
const LISTED = 6
/** Of the strongest, by amount. */
const LEAST_SHOWN = 0.005

/** How a film that is proposed hangs on what its user did: the ranker's attention, or what spoke loudest for each source. */
export function Attention({ film, history, ...listed }) {
  if (!film.explanation) return null
  const { weights, isAttention } = weightsOf(film.explanation)
  if (weights.length === 0) return null
  const entries = history.slice(0, ENTRIES).toReversed()
  const step = (WIDTH - 2 * MARGIN) / Math.max(1, entries.length - 1)
  const most = Math.abs(weights[0].weight)
  const placed = new Map(
    entries.map(({ itemId }, place) => [itemId, WIDTH - MARGIN - (entries.length - 1 - place) * step]),
  )
  const arcs = weights.filter(({ itemId }) => placed.has(itemId))
  const name = isAttention ? 'Attention over the history' : 'What spoke for it'
  const about = isAttention
    ? 'How much the ranker looks at each thing this user did, when it places this film; dashed, what speaks against it.'
    : 'What of the history spoke loudest for it, by the sources that say so.'
  return html`<div class="attention" role="group" aria-labelledby="attention-title">
    <h3 id="attention-title">${name}</h3>
    <p class="quiet small">${about}</p>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`${name}, the latest on the right: ${weights
      .slice(0, LISTED)
      .map(({ title, weight }) => `${title} ${percent(weight)}`)
      .join(', ')}`}>
      ${arcs.map(({ itemId, weight }) => html`<path key=${itemId} class="arc" data-negative=${weight < 0 ? '' : undefined} data-active=${itemId === listed.active ? '' : undefined} d=${arc(placed.get(itemId))} style=${{ '--share': Math.abs(weight) / most }} />`)}
      ${entries.map(({ itemId, at }) => {
        const weight = Math.abs(weights.find((one) => one.itemId === itemId)?.weight ?? 0)
        return html`<circle key=${`${itemId} ${at}`} class="entry-dot" data-silent=${weight > 0 ? undefined : ''} data-active=${itemId === listed.active ? '' : undefined} cx=${placed.get(itemId)} cy=${BASE} r=${3 + 6 * Math.sqrt(weight / most)} />`
      })}
      <circle class="sun" cx=${WIDTH / 2} cy=${TOP} r="9" />
      <text class="attention-target" x=${WIDTH / 2 + 18} y=${TOP + 6}>${film.title}</text>
      <text class="attention-end" x=${MARGIN} y=${HEIGHT - 6}>earlier</text>
      <text class="attention-end attention-now" x=${WIDTH - MARGIN} y=${HEIGHT - 6}>latest</text>
    </svg>
    <ol class="attention-list">${weights.slice(0, LISTED).map(
      ({ itemId, title, weight }) => html`<li key=${itemId}>
        <${ItemButton} itemId=${itemId} title=${title} ...${listed}><span class="rank">${percent(weight)}</span><span class="bar" data-negative=${weight < 0 ? '' : undefined} style=${{ '--share': Math.abs(weight) / most }}></span><//>
      </li>`,
    )}</ol>
  </div>`
}

const percent = (share) => `${(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0).replace('-', '−')} %`
const arc = (x) => `M${x} ${BASE}C${x} ${BASE - 90} ${WIDTH / 2} ${TOP + 90} ${WIDTH / 2} ${TOP}`

/** Of each history item once, the strongest first. */
function weightsOf({ attention, because }) {
  const isAttention = attention?.length > 0
  const sums = new Map()
  for (const { itemId, title, weight } of isAttention ? attention : because) {
    sums.set(itemId, { itemId, title, weight: (sums.get(itemId)?.weight ?? 0) + weight })
  }
  const weights = [...sums.values()].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
  const least = LEAST_SHOWN * Math.abs(weights[0]?.weight ?? 0)
  return { isAttention, weights: weights.filter(({ weight }) => Math.abs(weight) > least) }
}
