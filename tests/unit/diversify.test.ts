import { expect, it } from 'vitest'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { diversify } from '../../src/ranking/diversify.ts'
import { ItemContent } from '../../src/ranking/item-content.ts'
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

it('a slate longer than the ranking is the whole of it', () => {
  expect(diversify(ranking, content, 50, 0.5).sort()).toEqual([0, 1, 2, 3, 4, 5])
  expect(diversify({ items: [], logits: [] }, content, 5, 0.5)).toEqual([])
})
