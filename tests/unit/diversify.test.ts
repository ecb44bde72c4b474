import { expect, it } from 'vitest'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { DIVERSIFIERS, type DiversifierName, diversify } from '../../src/ranking/diversify.ts'
import { ItemContent } from '../../src/ranking/item-content.ts'
import { lessPopular } from '../../src/ranking/novelty.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'

const GENRES = ['Drama', 'Drama', 'Drama', 'Comedy', 'Western', 'Drama']
const catalogue = new Catalogue()
const items = new ItemIndex()
GENRES.forEach((genre, index) => {
  catalogue.put({ itemId: `i${index}`, title: `Title ${index}`, genres: [genre] })
})
const content = new ItemContent(items, catalogue)
const ranking = { items: [0, 1, 2, 3, 4, 5], logits: [5, 4.9, 4.8, 4.5, 3, 1] }
const kinds = (slate: readonly number[]) => new Set(slate.map((item) => GENRES[item])).size

it('a slate is the order of the ranking while the dial is at 0', () => {
  expect(diversify(ranking, content, 4, 0)).toEqual([0, 1, 2, 3])
})

it('turning the dial brings in other genres, the most relevant of each first, and keeps the best item', () => {
  const slates = [0, 0.3, 0.6, 0.9].map((dial) => diversify(ranking, content, 3, dial))
  for (const slate of slates) {
    expect(slate[0]).toBe(0)
    expect(new Set(slate).size).toBe(3)
  }
  expect(slates.map(kinds)).toEqual([1, 2, 3, 3])
  expect(slates[1]).toEqual([0, 3, 1])
})

const NAMES = Object.keys(DIVERSIFIERS) as DiversifierName[]

it.each(NAMES)('%s: the order of the ranking at 0, the best item first at any dial, more genres towards 1', (name) => {
  expect(diversify(ranking, content, 4, 0, name)).toEqual([0, 1, 2, 3])
  const slates = [0.2, 0.5, 0.8, 1].map((dial) => diversify(ranking, content, 3, dial, name))
  for (const slate of slates) {
    expect(slate[0]).toBe(0)
    expect(new Set(slate).size).toBe(3)
  }
  const counts = slates.map(kinds)
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  expect(counts.at(-1)).toBe(3)
})

it('dpp picks what covers most together: the brute-force best of every next step', () => {
  const dial = 0.5
  const alike = (a: number, b: number) => (a === b ? 1 : 0.9 * content.similarity(a, b))
  const relevance = ranking.logits.map((logit) => (logit - 1) / 4)
  const worth = (slate: readonly number[]) =>
    (1 - dial) * slate.reduce((sum, i) => sum + relevance[i]!, 0) +
    dial * Math.log(determinant(slate.map((a) => slate.map((b) => alike(a, b)))))
  const expected: number[] = []
  while (expected.length < 5) {
    const rest = ranking.items.filter((item) => !expected.includes(item))
    expected.push(rest.reduce((best, item) => (worth([...expected, item]) > worth([...expected, best]) ? item : best)))
  }
  expect(diversify(ranking, content, 5, dial, 'dpp')).toEqual(expected)
})

it('decay wears off a director, too', () => {
  const films = new Catalogue()
  const directors = ['Agnès', 'Agnès', 'Akira']
  directors.forEach((name, index) => {
    films.put({ itemId: `i${index}`, title: 'Film', genres: ['Drama'], directors: [name] })
  })
  const withDirectors = new ItemContent(new ItemIndex(), films)
  const close = { items: [0, 1, 2, 3], logits: [5, 4.9, 4.8, 1] }
  expect(diversify(close, withDirectors, 3, 0.2, 'decay')).toEqual([0, 2, 1])
  expect(diversify(close, withDirectors, 3, 0.2, 'mmr')).toEqual([0, 1, 2])
})

/** By Gaussian elimination. */
function determinant(rows: number[][]): number {
  const m = rows.map((row) => [...row])
  let product = 1
  m.forEach((pivot, i) => {
    product *= pivot[i]!
    for (let j = i + 1; j < m.length; j++) {
      const factor = m[j]![i]! / pivot[i]!
      for (let c = i; c < m.length; c++) m[j]![c]! -= factor * pivot[c]!
    }
  })
  return product
}

it('novelty takes popularity from the order, as much as the dial says', () => {
  const visits = [1000, 0, 10]
  const popular = { items: [0, 2, 1], logits: [3, 1, 0] }
  expect(lessPopular(popular, visits, 0)).toBe(popular)
  expect(lessPopular(popular, visits, 0.2).items).toEqual([0, 2, 1])
  expect(lessPopular(popular, visits, 1)).toEqual({
    items: [1, 2, 0],
    logits: [0, 1 - Math.log(11), 3 - Math.log(1001)],
  })
})

it('a slate longer than the ranking is the whole of it', () => {
  expect(diversify(ranking, content, 50, 0.5).sort()).toEqual([0, 1, 2, 3, 4, 5])
  expect(diversify({ items: [], logits: [] }, content, 5, 0.5)).toEqual([])
})
