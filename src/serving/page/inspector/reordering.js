import { html } from '../html.js'
import { CandidateList, SHOWN } from './candidate-list.js'

const ROW = 30
const WIDTH = 100

/** The stages side by side, with a line for each film from its place in one to its place in the next. */
export function Reordering({ stages, ...listed }) {
  return html`<div class="stages-flow">${stages.map(
    (stage, i) => html`
      ${i > 0 && html`<${Lines} key=${`to ${stage.name}`} from=${stages[i - 1].best.slice(0, SHOWN)} to=${stage.best.slice(0, SHOWN)} target=${listed.target} active=${listed.active} />`}
      <${CandidateList} key=${stage.name} ...${stage} ...${listed} />
    `,
  )}</div>`
}

function Lines({ from, to, target, active }) {
  const places = new Map(to.map(({ itemId }, place) => [itemId, place]))
  const middle = (place) => (place + 0.5) * ROW
  return html`<svg class="lines" viewBox=${`0 0 ${WIDTH} ${ROW * Math.max(from.length, to.length)}`} preserveAspectRatio="none" aria-hidden="true">
    ${from.map(({ itemId }, place) => {
      const y = middle(places.get(itemId) ?? to.length + 1)
      const name = itemId === target ? 'line target' : itemId === active ? 'line active' : 'line'
      return html`<path key=${itemId} class=${name} d=${`M0 ${middle(place)}C${WIDTH / 2} ${middle(place)} ${WIDTH / 2} ${y} ${WIDTH} ${y}`} />`
    })}
  </svg>`
}
