import { useState } from 'preact/hooks'
import { html } from '../html.js'

const KEY = 'tributary-posters'

/** Posters come from other hosts: only who has asked for them gets them. */
export function postersWanted() {
  try {
    return localStorage.getItem(KEY) === 'on'
  } catch {
    return false
  }
}

/** For catalogues that carry addresses of posters. */
export function PosterSwitch() {
  const [wanted, setWanted] = useState(postersWanted)
  const turn = () => {
    try {
      localStorage.setItem(KEY, wanted ? 'off' : 'on')
    } catch {
      return
    }
    setWanted(!wanted)
    location.reload()
  }
  return html`<label class="switch">
    <input type="checkbox" role="switch" checked=${wanted} onChange=${turn} /> Posters from other hosts
  </label>`
}
