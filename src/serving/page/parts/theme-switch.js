import { useState } from 'preact/hooks'
import { html } from '../html.js'
import { Icon } from './icon.js'

const KEY = 'tributary-theme'
const NEXT = { system: 'dark', dark: 'light', light: 'system' }
const NAMES = { system: 'as the system', dark: 'dark', light: 'light' }

export function ThemeSwitch() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? 'system')
  const turn = () => {
    const next = NEXT[theme]
    if (next === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = next
    try {
      localStorage.setItem(KEY, next)
    } catch {
      // Storage may be forbidden: then it lasts as long as the page.
    }
    setTheme(next)
  }
  const label = `Theme: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${turn}>
    <${Icon} name=${theme} />
  </button>`
}
