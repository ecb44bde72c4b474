import type { Item, User } from '../../events/types.ts'
import { IdTable } from './id-table.ts'
import { InteractionTable } from './interaction-table.ts'
import { fileIn, type Layout } from './layout.ts'
import { type OnProblem, readLines } from './lines.ts'
import { ageGroupOf, genresOf, profileOf } from './movielens-fields.ts'
import { readRatings } from './ratings-file.ts'
import { tableDataset } from './table-dataset.ts'
import { parseTitle } from './title.ts'

/** ML-100K: tabs in u.data, `|` elsewhere, ISO-8859-1, a movie's genres as one flag for each line of u.genre. */
export const movielens100k: Layout = {
  about: 'MovieLens 100K',
  needs: ['u.data', 'u.item', 'u.genre'],
  async open({ name, folder, onProblem }) {
    const into = { table: new InteractionTable(), users: new IdTable(), items: new IdTable() }
    await readRatings(fileIn(folder, 'u.data')!, { separator: '\t', header: false }, into, onProblem)
    const genres = await readGenres(fileIn(folder, 'u.genre')!, onProblem)
    const catalogue = await readItems(fileIn(folder, 'u.item')!, genres, onProblem)
    const usersFile = fileIn(folder, 'u.user')
    const profiles = usersFile ? await readUsers(usersFile, onProblem) : []
    return tableDataset({ name, about: `${name} (${folder})`, ...into, catalogue, profiles })
  },
}

async function readGenres(file: string, onProblem: OnProblem): Promise<string[]> {
  const genres: string[] = []
  await readLines(file, onProblem, (bytes, start, end) => {
    const [name, number] = bytes.toString('latin1', start, end).split('|')
    if (!name || !/^\d{1,3}$/.test(number ?? '')) return 'expected genre|number'
    genres[Number(number)] = name
    return undefined
  })
  return Array.from(genres, (name) => name ?? 'unknown')
}

/** The fields before the flags: id, title, release date, video release date, address. */
const FIELDS_BEFORE_FLAGS = 5

async function readItems(file: string, genres: readonly string[], onProblem: OnProblem): Promise<Item[]> {
  const items: Item[] = []
  const expected = FIELDS_BEFORE_FLAGS + genres.length
  await readLines(file, onProblem, (bytes, start, end) => {
    const fields = bytes.toString('latin1', start, end).split('|')
    const [itemId, title] = fields
    if (fields.length !== expected) return `expected ${expected} fields separated by "|", found ${fields.length}`
    if (!itemId || !title) return 'no id or no title'
    const flagged = genres.filter((_, genre) => fields[FIELDS_BEFORE_FLAGS + genre] === '1')
    items.push({ itemId, ...parseTitle(title), genres: genresOf(flagged.join('|')) })
    return undefined
  })
  return items
}

async function readUsers(file: string, onProblem: OnProblem): Promise<User[]> {
  const users: User[] = []
  await readLines(file, onProblem, (bytes, start, end) => {
    const [userId, age, gender, occupation, zipCode, ...rest] = bytes.toString('latin1', start, end).split('|')
    if (!userId || zipCode === undefined || rest.length) return 'expected id|age|gender|occupation|zip-code'
    users.push(profileOf(userId, { gender, ageGroup: ageGroupOf(Number(age)), occupation, zipCode }))
    return undefined
  })
  return users
}
