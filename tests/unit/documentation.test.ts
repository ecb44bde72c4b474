import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../src/config/config.ts'
import { CO_VISIT_WINDOW } from '../../src/projections/co-visitation.ts'
import { ROWS_READ } from '../../src/retrieval/sources/candidate-source.ts'
import { CO_VISIT_HALF_LIFE_MS } from '../../src/state/values/decay.ts'
import { HISTORY_ENTRY_BYTES, HISTORY_LENGTH } from '../../src/state/values/history.ts'
import { ITEM_SET_LENGTH } from '../../src/state/values/item-set.ts'
import { POPULARITY_HALF_LIFE_MS, TREND_HALF_LIFE_MS } from '../../src/state/values/item-statistics.ts'
import { NEIGHBOUR_BYTES, NEIGHBOURS_CAPACITY, NEIGHBOURS_LENGTH } from '../../src/state/values/neighbours.ts'
import { POSTING_WORDS, POSTINGS_LENGTH } from '../../src/state/values/postings.ts'
import { TRAIL_LENGTH } from '../../src/state/values/trail.ts'
import { GENRES_LENGTH, TASTE_HALF_LIFE_MS } from '../../src/state/values/user-features.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root })
const read = (page: string) => readFileSync(join(root, page), 'utf8')

describe('the documentation', () => {
  it.each(pages)('%s links to files and headings that are there', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    const broken = targets.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(page, target))
    expect(broken).toEqual([])
  })

  it('has one row for every setting, with its variable and its default', () => {
    const rows = read('docs/configuration.md').matchAll(/^\|.*\| `([A-Z_]+)` +\| (?:`([^`]*)`)? *\|/gm)
    const documented = [...rows].map(([, variable, fallback = '']) => `${variable}=${fallback}`)
    const settings = Object.values(SETTINGS).map((setting) => `${setting.env}=${setting.default ?? ''}`)
    expect(documented.sort()).toEqual(settings.map((text) => text.replace(/=.*(?=\/\.tributary$)/, '=~')).sort())
  })

  it('has the bounds and half-lives of the state as they are', () => {
    const architecture = read('docs/architecture.md').replaceAll(/\s+/g, ' ')
    const pruned = NEIGHBOURS_CAPACITY
    for (const bound of [
      `${HISTORY_LENGTH} entries, ${bytes(HISTORY_LENGTH * HISTORY_ENTRY_BYTES)}`,
      `${ITEM_SET_LENGTH.toLocaleString('en')} items, ${bytes(4 * ITEM_SET_LENGTH)}`,
      `${GENRES_LENGTH} genres, ${bytes(64 + 32 * GENRES_LENGTH)}`,
      `the ${NEIGHBOURS_LENGTH} strongest; pruned at ${pruned} entries, ${bytes(pruned * NEIGHBOUR_BYTES)}`,
      `${TRAIL_LENGTH} visits, ${bytes(4 * (1 + TRAIL_LENGTH))}`,
      `the ${POSTINGS_LENGTH} latest, ${bytes(4 * (1 + POSTINGS_LENGTH * POSTING_WORDS))}`,
      `the ${CO_VISIT_WINDOW} items visited last`,
      `the newest ${ROWS_READ} entries`,
      `co-visits halve in ${days(CO_VISIT_HALF_LIFE_MS)}, taste in ${days(TASTE_HALF_LIFE_MS)}`,
      `popularity in ${days(POPULARITY_HALF_LIFE_MS)}, trends in ${days(TREND_HALF_LIFE_MS)}`,
    ]) {
      expect(architecture).toContain(bound)
    }
  })
})

function bytes(count: number): string {
  return `${count.toLocaleString('en')} bytes`
}

function days(ms: number): string {
  const count = ms / 86_400_000
  return count === 1 ? '1 day' : `${count} days`
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path, heading] = target.split('#')
  const file = path ? join(dirname(page), path) : page
  if (!existsSync(join(root, file))) return false
  const headings = [...(heading ? read(file) : '').matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!)
  return (
    !heading ||
    headings.some(
      (title) =>
        heading ===
        title
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
    )
  )
}
