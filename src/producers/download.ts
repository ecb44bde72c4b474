import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { TributaryError } from '../errors.ts'
import { layoutOf } from './datasets/open-dataset.ts'
import { type FetchOptions, fetchFile, fetchText } from './fetch-file.ts'
import { unzip } from './unzip.ts'

/** The sets that can be downloaded. The md5 of those that never change; the others' is published beside them. */
export const DOWNLOADS: Readonly<Record<string, { readonly about: string; readonly md5?: string }>> = {
  'ml-100k': { about: '100,000 ratings, 5 MB', md5: '0e33842e24a9c977be4e0107933c0723' },
  'ml-1m': { about: '1,000,209 ratings, 6 MB', md5: 'c4d9eecfca2ab87c1945afe126590906' },
  'ml-latest-small': { about: 'about 100,000 ratings, 1 MB' },
  'ml-latest': { about: 'about 33 million ratings, 335 MB' },
  'ml-25m': { about: '25,000,095 ratings, 262 MB', md5: '6b51fb2759a8657d3bfcbfc42b592ada' },
  'ml-32m': { about: '32,000,204 ratings, 239 MB', md5: 'd472be332d4daa821edc399621853b57' },
}

const BASE_URL = 'https://files.grouplens.org/datasets/movielens'

export interface DownloadOptions extends FetchOptions {
  /** The folder that will hold the data set's folder. */
  readonly into: string
  /** Default: where GroupLens has them. */
  readonly baseUrl?: string
}

/**
 * Fetches, checks and unpacks a MovieLens data set. All of it happens in a folder beside the final one, which is then
 * renamed: the data set is there whole or not at all.
 * @returns its folder; at once where it is there already
 * @throws TributaryError BAD_USAGE for a name that is not in DOWNLOADS, UNAVAILABLE where the server cannot be
 *   reached, BAD_INPUT where what it sent, or the disk, is not as it must be
 */
export async function download(name: string, options: DownloadOptions): Promise<string> {
  const set = DOWNLOADS[name]
  if (!set) {
    const names = Object.keys(DOWNLOADS).join(', ')
    throw new TributaryError('BAD_USAGE', `${JSON.stringify(name)} cannot be downloaded; these can: ${names}`)
  }
  const { into, baseUrl = BASE_URL } = options
  const target = join(into, name)
  if (layoutOf(target)) return target
  if (existsSync(target)) {
    throw new TributaryError(
      'BAD_INPUT',
      `${target} is in the way: it is not a whole data set. Remove it, then try again.`,
    )
  }
  const url = `${baseUrl}/${name}.zip`
  await mkdir(into, { recursive: true })
  await removeStale(into, name)
  const temporary = join(into, `.${name}.${process.pid}.tmp`)
  await mkdir(temporary)
  try {
    const zip = join(temporary, 'data.zip')
    await fetchFile(url, zip, options)
    await verify(zip, url, set.md5, options)
    const unpacked = join(temporary, 'data')
    await unzip(zip, unpacked)
    await rename(await datasetIn(unpacked, name, url), target)
    return target
  } catch (cause) {
    // another process was faster
    if (layoutOf(target)) return target
    throw explained(cause, name, url)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Removes what downloads of processes that are no more have left. */
async function removeStale(into: string, name: string): Promise<void> {
  for (const entry of await readdir(into)) {
    const pid = entry.startsWith(`.${name}.`) ? /^(\d+)\.tmp$/.exec(entry.slice(name.length + 2))?.[1] : undefined
    if (pid && (Number(pid) === process.pid || !isAlive(Number(pid)))) {
      await rm(join(into, entry), { recursive: true, force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function verify(zip: string, url: string, known: string | undefined, options: FetchOptions): Promise<void> {
  const hash = createHash('md5')
  await pipeline(createReadStream(zip), hash)
  const actual = hash.digest('hex')
  if (actual === known) return
  const published = /\b[0-9a-f]{32}\b/i.exec((await fetchText(`${url}.md5`, options)) ?? '')?.[0].toLowerCase()
  if (actual === published || (known === undefined && published === undefined)) return
  throw new TributaryError(
    'BAD_INPUT',
    `${url} arrived with the MD5 checksum ${actual} in place of ${published ?? known}: it was changed or damaged on its way`,
    { actual, known, published },
  )
}

async function datasetIn(unpacked: string, name: string, url: string): Promise<string> {
  const folders = [name, ...(await readdir(unpacked))].map((folder) => join(unpacked, folder))
  const folder = [...folders, unpacked].find((candidate) => layoutOf(candidate))
  if (!folder) throw new TributaryError('BAD_INPUT', `${url} does not hold the files of a MovieLens data set`, { url })
  return folder
}

/** Adds what to do; leaves an abort as it is. */
function explained(cause: unknown, name: string, url: string): unknown {
  const { code: errno, message } = cause as NodeJS.ErrnoException
  const wayOut = `You can also unpack ${url} yourself and set MOVIELENS_DIR to its folder, or take \`--data synthetic\`.`
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new TributaryError('BAD_INPUT', `The disk is full: ${name} could not be stored. Free some space. ${wayOut}`)
  }
  if (!(cause instanceof TributaryError)) return cause
  const { code, context } = cause
  return new TributaryError(code, `${message}. Try again later. ${wayOut}`, context, cause)
}
