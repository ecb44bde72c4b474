import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chooseDataset, datasetsFolder } from '../../src/producers/choose-dataset.ts'
import { interactions } from '../../src/producers/datasets/dataset.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { download } from '../../src/producers/download.ts'
import { fetchFile } from '../../src/producers/fetch-file.ts'
import type { FetchProgress } from '../../src/producers/progress.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { zipOf } from './zip-of.ts'

const RATINGS = 'userId,movieId,rating,timestamp\n1,1,4,1147880044\n'
// incompressible enough that the zip comes in several pieces
const MOVIES = `movieId,title,genres\n${Array.from({ length: 3000 }, (_, i) => `${i},${createHash('md5').update(`${i}`).digest('hex')} (1999),Drama\n`).join('')}`
const ZIP = zipOf({ 'ml-latest/': '', 'ml-latest/ratings.csv': RATINGS, 'ml-latest/movies.csv': MOVIES })
const MD5 = createHash('md5').update(ZIP).digest('hex')
const TINY = { synthetic: { users: 5, items: 5, events: 10 } }

describe('a download', () => {
  it('arrives whole, checked against the published checksum, with its progress told', async () => {
    const baseUrl = await serve(zipAndMd5())
    const into = join(temporaryFolder(), 'not', 'there', 'yet')
    const progress: FetchProgress[] = []
    const folder = await download('ml-latest', { into, baseUrl, onProgress: (latest) => progress.push(latest) })
    expect(folder).toBe(join(into, 'ml-latest'))
    expect(readFileSync(join(folder, 'movies.csv'), 'utf8')).toBe(MOVIES)
    expect((await openDataset(folder)).name).toBe('ml-latest')
    expect(progress.at(-1)).toEqual({ receivedBytes: ZIP.length, totalBytes: ZIP.length })
    expect(readdirSync(into)).toEqual(['ml-latest'])
  })

  it('is not made when the data set is there', async () => {
    const into = temporaryFolder({ 'ml-latest/ratings.csv': RATINGS, 'ml-latest/movies.csv': MOVIES })
    expect(await download('ml-latest', { into, baseUrl: 'http://127.0.0.1:1' })).toBe(join(into, 'ml-latest'))
  })

  it('is taken up where the connection broke', async () => {
    const ranges: (string | undefined)[] = []
    const baseUrl = await serve((request, response) => {
      if (request.url?.endsWith('.md5')) return response.end(`MD5 (ml-latest.zip) = ${MD5}\n`)
      ranges.push(request.headers.range)
      if (!request.headers.range) return cut(response, ZIP.length - 100)
      const from = Number(/\d+/.exec(request.headers.range)![0])
      expect(request.headers['if-range']).toBe('"v1"')
      response.writeHead(206, { 'content-length': ZIP.length - from, etag: '"v1"' })
      return response.end(ZIP.subarray(from))
    })
    const into = temporaryFolder()
    await download('ml-latest', { into, baseUrl })
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
    expect(readFileSync(join(into, 'ml-latest', 'movies.csv'), 'utf8')).toBe(MOVIES)
  })

  it('is started over where the server cannot go on in the middle', async () => {
    let requests = 0
    const baseUrl = await serve((request, response) => {
      if (request.url?.endsWith('.md5')) return response.end(MD5)
      return ++requests === 1 ? cut(response, 1000) : zip(response)
    })
    const into = temporaryFolder()
    await download('ml-latest', { into, baseUrl })
    expect(requests).toBe(2)
    expect(readFileSync(join(into, 'ml-latest', 'ratings.csv'), 'utf8')).toBe(RATINGS)
  })

  it.each([
    [
      'a cut connection',
      (_: IncomingMessage, response: ServerResponse) => cut(response, 1000),
      /connection broke after|nothing/,
      'UNAVAILABLE',
    ],
    ['a wrong checksum', withMd5('0'.repeat(32)), /MD5 checksum [0-9a-f]{32} in place of 0{32}/, 'BAD_INPUT'],
    ['a 404', status(404), /ml-latest\.zip: the server says 404 Not Found/, 'BAD_INPUT'],
    ['a server in trouble', status(503), /the server says 503/, 'UNAVAILABLE'],
    ['no zip', body(Buffer.from('<html>Log in to the hotel network</html>')), /cannot be unpacked/, 'BAD_INPUT'],
    ['a zip of something else', body(zipOf({ 'a/readme.txt': 'hello' })), /does not hold the files/, 'BAD_INPUT'],
    [
      'a zip that points elsewhere',
      body(zipOf({ '../evil.txt': 'evil' })),
      /cannot be unpacked: .*\.\.\/evil\.txt/,
      'BAD_INPUT',
    ],
    [
      'a zip with an absolute path',
      body(zipOf({ '/tmp/evil.txt': 'evil' })),
      /cannot be unpacked: .*absolute path/,
      'BAD_INPUT',
    ],
    ['a slow body', slow, /nothing came for 1 s/, 'UNAVAILABLE'],
    ['silence', () => {}, /nothing came for 1 s/, 'UNAVAILABLE'],
  ] as const)('of %s leaves nothing behind and says what to do', async (_, handler, message, code) => {
    const baseUrl = await serve(handler)
    const parent = temporaryFolder()
    const into = join(parent, 'datasets')
    const limits = { responseTimeoutMs: 300, idleTimeoutMs: 300, attempts: 2 }
    const attempt = download('ml-latest', { into, baseUrl, ...limits })
    await expect(attempt).rejects.toThrow(expect.objectContaining({ code }))
    await expect(attempt).rejects.toThrow(message)
    await expect(attempt).rejects.toThrow(/set MOVIELENS_DIR.*--data synthetic/)
    expect(readdirSync(into)).toEqual([])
    expect(readdirSync(parent)).toEqual(['datasets'])
  })

  it('without a network says so', async () => {
    const into = temporaryFolder()
    const attempt = download('ml-1m', { into, baseUrl: 'http://127.0.0.1:1', attempts: 1 })
    await expect(attempt).rejects.toThrow(/cannot be reached \(.+\).*set MOVIELENS_DIR/)
    expect(readdirSync(into)).toEqual([])
  })

  it('checks the sets that never change against the checksum it knows', async () => {
    const zipped = zipOf({ 'ml-1m/ratings.dat': '1::1::5::1\n', 'ml-1m/movies.dat': '1::A (1999)::Drama\n' })
    const baseUrl = await serve(body(zipped))
    await expect(download('ml-1m', { into: temporaryFolder(), baseUrl })).rejects.toThrow(
      'in place of c4d9eecfca2ab87c1945afe126590906',
    )
  })

  it('removes what dead downloads have left, and nothing else', async () => {
    const baseUrl = await serve(zipAndMd5())
    const gone = 2 ** 22 + 1 // above any process id of Linux
    const into = temporaryFolder({
      'mine.tmp': '',
      [`.ml-latest.${gone}.tmp/data.zip`]: 'half',
      '.ml-1m.1.tmp/data.zip': '',
    })
    await download('ml-latest', { into, baseUrl })
    expect(readdirSync(into).sort()).toEqual(['.ml-1m.1.tmp', 'mine.tmp', 'ml-latest'])
  })

  it.runIf(existsSync('/dev/full'))('does not try again when the disk is full', async () => {
    let requests = 0
    const baseUrl = await serve((_, response) => {
      requests++
      zip(response)
    })
    await expect(fetchFile(`${baseUrl}/a.zip`, '/dev/full', {})).rejects.toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    )
    expect(requests).toBe(1)
  })

  it('does not touch a folder of that name that holds something else', async () => {
    const into = temporaryFolder({ 'ml-latest/notes.txt': 'mine' })
    await expect(download('ml-latest', { into, baseUrl: 'http://127.0.0.1:1' })).rejects.toThrow(/in the way/)
    expect(existsSync(join(into, 'ml-latest', 'notes.txt'))).toBe(true)
  })

  it('ends at once when aborted, and leaves nothing', async () => {
    const controller = new AbortController()
    const baseUrl = await serve((_, response) => {
      cut(response, 1000)
      controller.abort()
    })
    const into = temporaryFolder()
    await expect(download('ml-latest', { into, baseUrl, signal: controller.signal })).rejects.toThrow(/abort/i)
    expect(readdirSync(into)).toEqual([])
  })

  it('of an unknown set is refused with the names of the known ones', async () => {
    await expect(download('ml-2m', { into: temporaryFolder() })).rejects.toThrow(
      expect.objectContaining({
        code: 'BAD_USAGE',
        message: expect.stringContaining('ml-100k, ml-1m, ml-latest-small'),
      }),
    )
  })
})

describe('the first choice of data', () => {
  const ml100k = {
    'u.data': '1\t1\t5\t881250949\n',
    'u.item': '1|A (1999)|||a|1\n',
    'u.genre': 'Drama|0\n',
  }
  const nowhere = { baseUrl: 'http://127.0.0.1:1', attempts: 1 }

  it('is what MOVIELENS_DIR holds, be it the data set or its parent', async () => {
    const home = temporaryFolder()
    const parent = temporaryFolder(
      Object.fromEntries(Object.entries(ml100k).map(([name, text]) => [`ml-100k/${name}`, text])),
    )
    for (const movielensDir of [parent, join(parent, 'ml-100k')]) {
      const { dataset, reason } = await chooseDataset({ movielensDir, home, ...nowhere })
      expect(dataset.name).toBe('ml-100k')
      expect(reason).toBe(`Using ml-100k (${join(parent, 'ml-100k')}), from MOVIELENS_DIR.`)
    }
  })

  it('is refused where MOVIELENS_DIR has nothing, rather than replaced silently', async () => {
    const home = temporaryFolder()
    await expect(chooseDataset({ movielensDir: '/nowhere', home })).rejects.toThrow(
      /\/nowhere does not exist: looked for/,
    )
    await expect(chooseDataset({ movielensDir: home, home })).rejects.toThrow(
      /has no data set: looked for ratings\.dat/,
    )
  })

  it('is what has been downloaded before', async () => {
    const home = temporaryFolder()
    mkdirSync(join(datasetsFolder(home), 'ml-100k'), { recursive: true })
    for (const [name, text] of Object.entries(ml100k)) writeFileSync(join(datasetsFolder(home), 'ml-100k', name), text)
    const { dataset, reason } = await chooseDataset({ home, ...nowhere })
    expect(dataset.name).toBe('ml-100k')
    expect(reason).toMatch(/downloaded before/)
  })

  it('is a synthetic stream where nothing can be downloaded, in a sentence that says why', async () => {
    const { dataset, reason } = await chooseDataset({ home: temporaryFolder(), ...nowhere, ...TINY })
    expect(dataset.name).toBe('synthetic-1-5-5-10')
    expect([...interactions(dataset)].length).toBe(10)
    expect(reason).toMatch(
      /^MovieLens 1M could not be downloaded \(.*cannot be reached \(.*\): taking a synthetic stream/,
    )
    expect(reason).toMatch(/MOVIELENS_DIR/)
  })

  it('stays with the synthetic stream that the log began with', async () => {
    const home = temporaryFolder(
      Object.fromEntries(Object.entries(ml100k).map(([name, text]) => [`datasets/ml-100k/${name}`, text])),
    )
    const { dataset, reason } = await chooseDataset({ home, previous: 'synthetic-1-5-5-10', ...nowhere })
    expect(dataset.name).toBe('synthetic-1-5-5-10')
    expect(reason).toMatch(/^Going on with a synthetic stream/)
  })
})

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** Answers the address of a server that lives as long as the test. */
async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function zip(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': ZIP.length, etag: '"v1"' }).end(ZIP)
}

function zipAndMd5(): Handler {
  return withMd5(MD5)
}

function withMd5(md5: string): Handler {
  return (request, response) =>
    request.url?.endsWith('.md5') ? response.end(`${md5}  ml-latest.zip\n`) : zip(response)
}

function body(bytes: Buffer): Handler {
  return (request, response) => (request.url?.endsWith('.md5') ? response.writeHead(404).end() : response.end(bytes))
}

function status(code: number): Handler {
  return (_, response) => response.writeHead(code).end()
}

/** Sends the beginning, then hangs up. */
function cut(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-length': ZIP.length, etag: '"v1"' })
  // Late enough for a busy client to have read what was sent: a connection that is reset loses the rest.
  response.write(ZIP.subarray(0, bytes), () => setTimeout(() => response.destroy(), 300))
}

/** Sends the beginning, then nothing. */
function slow(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': ZIP.length })
  response.write(ZIP.subarray(0, 1000))
}
