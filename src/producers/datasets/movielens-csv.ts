import type { Item } from '../../events/types.ts'
import { splitCsv } from './fields.ts'
import { IdTable } from './id-table.ts'
import { InteractionTable } from './interaction-table.ts'
import { fileIn, type Layout } from './layout.ts'
import { type OnProblem, readLines } from './lines.ts'
import { genresOf } from './movielens-fields.ts'
import { readRatings } from './ratings-file.ts'
import { tableDataset } from './table-dataset.ts'
import { parseTitle } from './title.ts'

/** ML-latest, -latest-small, -20M, -25M and -32M: CSV in UTF-8 with a header. They have no users; links and tags stay unread. */
export const movielensCsv: Layout = {
  about: 'MovieLens latest, latest-small, 20M, 25M or 32M',
  needs: ['ratings.csv', 'movies.csv'],
  async open({ name, folder, onProblem }) {
    const into = { table: new InteractionTable(), users: new IdTable(), items: new IdTable() }
    await readRatings(fileIn(folder, 'ratings.csv')!, { separator: ',', header: true }, into, onProblem)
    const catalogue = await readMovies(fileIn(folder, 'movies.csv')!, onProblem)
    return tableDataset({ name, about: `${name} (${folder})`, ...into, catalogue, profiles: [] })
  },
}

async function readMovies(file: string, onProblem: OnProblem): Promise<Item[]> {
  const items: Item[] = []
  await readLines(file, onProblem, (bytes, start, end, line) => {
    if (line === 1) return undefined
    const fields = splitCsv(bytes.toString('utf8', start, end))
    if (!fields) return 'a quote is not closed'
    const [itemId, title, genres] = fields
    if (fields.length !== 3) return `expected movieId,title,genres, found ${fields.length} fields`
    if (!itemId || !title?.trim()) return 'no id or no title'
    items.push({ itemId, ...parseTitle(title), genres: genresOf(genres!) })
    return undefined
  })
  return items
}
