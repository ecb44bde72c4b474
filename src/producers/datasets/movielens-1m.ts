import type { Item, User } from '../../events/types.ts'
import { IdTable } from './id-table.ts'
import { InteractionTable } from './interaction-table.ts'
import { fileIn, type Layout } from './layout.ts'
import { type OnProblem, readLines } from './lines.ts'
import { ageGroupOf, genresOf, profileOf } from './movielens-fields.ts'
import { readRatings } from './ratings-file.ts'
import { tableDataset } from './table-dataset.ts'
import { parseTitle } from './title.ts'

/** ML-1M, and ML-10M, which has no users.dat: fields separated by `::`, ISO-8859-1. */
export const movielens1m: Layout = {
  about: 'MovieLens 1M or 10M',
  needs: ['ratings.dat', 'movies.dat'],
  async open({ name, folder, onProblem }) {
    const table = new InteractionTable()
    const users = new IdTable()
    const items = new IdTable()
    const into = { table, users, items }
    await readRatings(fileIn(folder, 'ratings.dat')!, { separator: '::', header: false }, into, onProblem)
    const catalogue = await readMovies(fileIn(folder, 'movies.dat')!, onProblem)
    const details = fileIn(folder, 'movies_extrainfos.dat')
    if (details) await addDetails(details, catalogue, onProblem)
    const usersFile = fileIn(folder, 'users.dat')
    const profiles = usersFile ? await readUsers(usersFile, onProblem) : []
    return tableDataset({ name, about: `${name} (${folder})`, ...into, catalogue: [...catalogue.values()], profiles })
  },
}

async function readMovies(file: string, onProblem: OnProblem): Promise<Map<string, Item>> {
  const movies = new Map<string, Item>()
  await readLines(file, onProblem, (bytes, start, end) => {
    const [itemId, title, genres, ...rest] = bytes.toString('latin1', start, end).split('::')
    if (!itemId || !title || genres === undefined || rest.length) return 'expected id::title::genres'
    movies.set(itemId, { itemId, ...parseTitle(title), genres: genresOf(genres) })
    return undefined
  })
  return movies
}

/** The optional movies_extrainfos.dat: UTF-8, for some of the movies, "N/A" where a field is not known. */
async function addDetails(file: string, movies: Map<string, Item>, onProblem: OnProblem): Promise<void> {
  await readLines(file, onProblem, (bytes, start, end) => {
    const fields = bytes.toString('utf8', start, end).split('::')
    if (fields.length !== 11) return `expected 11 fields separated by "::", found ${fields.length}`
    const known = fields.map((field) => (field === 'N/A' ? '' : field.trim()))
    const [itemId = '', , , certificate, , , director = '', , actors = '', plot, posterUrl] = known
    const movie = movies.get(itemId)
    if (!movie) return undefined
    if (certificate) movie.certificate = certificate.slice(0, 32)
    if (director) movie.directors = namesOf(director).slice(0, 32)
    if (actors) movie.actors = namesOf(actors).slice(0, 64)
    if (plot) movie.plot = plot.slice(0, 8192)
    if (posterUrl && posterUrl.length <= 2048) movie.posterUrl = posterUrl
    return undefined
  })
}

function namesOf(field: string): string[] {
  const names = field.split(', ').map((name) => name.trim().slice(0, 256))
  return [...new Set(names)].filter((name) => name !== '')
}

async function readUsers(file: string, onProblem: OnProblem): Promise<User[]> {
  const users: User[] = []
  await readLines(file, onProblem, (bytes, start, end) => {
    const [userId, gender, age, occupation, zipCode, ...rest] = bytes.toString('latin1', start, end).split('::')
    if (!userId || zipCode === undefined || rest.length) return 'expected id::gender::age::occupation::zip-code'
    users.push(
      profileOf(userId, {
        gender,
        ageGroup: ageGroupOf(Number(age)),
        occupation: OCCUPATIONS[Number(occupation)] ?? occupation,
        zipCode,
      }),
    )
    return undefined
  })
  return users
}

/** By the number that users.dat has, as the README of ML-1M lists them. */
const OCCUPATIONS = [
  'other',
  'academic/educator',
  'artist',
  'clerical/admin',
  'college/grad student',
  'customer service',
  'doctor/health care',
  'executive/managerial',
  'farmer',
  'homemaker',
  'K-12 student',
  'lawyer',
  'programmer',
  'retired',
  'sales/marketing',
  'scientist',
  'self-employed',
  'technician/engineer',
  'tradesman/craftsman',
  'unemployed',
  'writer',
]
