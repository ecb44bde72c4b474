import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { validate } from '../../src/events/codec.ts'
import { interactions, timeAt } from '../../src/producers/datasets/dataset.ts'
import type { Problem } from '../../src/producers/datasets/lines.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { temporaryFolder } from './temporary-folder.ts'

const ML_1M = {
  'ratings.dat': '2::10::4::978300300\n1::20::3::978300100\n1::10::5::978300300\n3::20::1::978300200\n',
  'movies.dat': Buffer.from('10::Café, Le (1990)::Comedy|Drama\n20::Matrix, The (1999)::Action\n', 'latin1'),
  'users.dat': '1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::99::\n',
}

const ML_100K = {
  'u.data': '196\t242\t3\t881250949\n22\t377\t1\t878887116\n',
  'u.genre': 'unknown|0\nAction|1\nComedy|2\n\n',
  'u.item': Buffer.from(
    "242|Amélie, L' (1997)|01-Jan-1997||http://a|0|1|1\n377|unknown||||1|0|0\n267|Third, The (1996)||||0|0|1\n",
    'latin1',
  ),
  'u.user': '22|17|F|artist|12345\n196|49|M|writer|55105\n',
}

const ML_LATEST = {
  'ratings.csv': 'userId,movieId,rating,timestamp\r\n7,1,4.5,1147880044\r\n7,2,0.5,1147868817\r\n',
  'movies.csv':
    'movieId,title,genres\r\n1,"American President, The (1995)",Comedy|Romance\r\n' +
    '2,"""Great Performances"" Cats (1998)",(no genres listed)\r\n3,Café (2001),Drama\r\n',
  'links.csv': 'movieId,imdbId,tmdbId\r\n1,0114709,862\r\n',
}

describe('ML-1M', () => {
  it('streams in ascending time, ties in the order of the file', async () => {
    const dataset = await openDataset(temporaryFolder(ML_1M))
    const events = [...interactions(dataset)]
    expect(events.map(({ userId, itemId, value, at }) => [userId, itemId, value, at])).toEqual([
      ['1', '20', 3, 978300100_000],
      ['3', '20', 1, 978300200_000],
      ['2', '10', 4, 978300300_000],
      ['1', '10', 5, 978300300_000],
    ])
    expect([dataset.size, dataset.firstAt, dataset.lastAt]).toEqual([4, 978300100_000, 978300300_000])
    expect(events.every((event) => validate('ratings', event).ok)).toBe(true)
  })

  it('numbers events in stream order under its name, wherever reading begins', async () => {
    const dataset = await openDataset(join(temporaryFolder(prefixed('ml-1m', ML_1M)), 'ml-1m'))
    const all = [...interactions(dataset)]
    expect(all.map(({ eventId }) => eventId)).toEqual(['ml-1m:0', 'ml-1m:1', 'ml-1m:2', 'ml-1m:3'])
    expect([...interactions(dataset, 2)]).toEqual(all.slice(2))
    expect([...interactions(dataset, 3, 2)].map(({ eventId }) => eventId)).toEqual(['ml-1m#2:3'])
    expect([timeAt(dataset, 1), timeAt(dataset, 4)]).toEqual([978300200_000, undefined])
  })

  it('reads titles, genres and people as they are meant', async () => {
    const dataset = await openDataset(temporaryFolder(ML_1M))
    expect([...dataset.items()]).toEqual([
      { itemId: '10', title: 'Le Café', year: 1990, genres: ['Comedy', 'Drama'] },
      { itemId: '20', title: 'The Matrix', year: 1999, genres: ['Action'] },
    ])
    expect([...dataset.users()]).toEqual([
      {
        userId: '1',
        attributes: { gender: 'F', ageGroup: 'under 18', occupation: 'K-12 student', zipCode: '48067' },
      },
      { userId: '2', attributes: { gender: 'M', ageGroup: '56+', occupation: 'self-employed', zipCode: '70072' } },
      { userId: '3', attributes: { gender: 'M', ageGroup: '25-34', occupation: '99' } },
    ])
  })

  it('adds what movies_extrainfos.dat knows of some of the movies', async () => {
    const details =
      '20::The Matrix::1999::R::31 Mar 1999::Action::Ann Example, Bo Example::Someone (script)::Cy Example::A plot — of dots.::https://example.org/p.jpg\r\n' +
      '10::Cafe::1990::N/A::N/A::Comedy::N/A::N/A::N/A::N/A::N/A\r\n99::Not there::1999::R::::::::::::::\r\n'
    const dataset = await openDataset(temporaryFolder({ ...ML_1M, 'movies_extrainfos.dat': details }))
    const [cafe, matrix] = dataset.items()
    expect(cafe).toEqual({ itemId: '10', title: 'Le Café', year: 1990, genres: ['Comedy', 'Drama'] })
    expect(matrix).toEqual({
      itemId: '20',
      title: 'The Matrix',
      year: 1999,
      genres: ['Action'],
      certificate: 'R',
      directors: ['Ann Example', 'Bo Example'],
      actors: ['Cy Example'],
      plot: 'A plot — of dots.',
      posterUrl: 'https://example.org/p.jpg',
    })
    expect(validate('items', matrix)).toMatchObject({ ok: true })
  })

  it('reads .gz files as the plain ones', async () => {
    const zipped = Object.fromEntries(Object.entries(ML_1M).map(([name, content]) => [`${name}.gz`, gzipSync(content)]))
    const dataset = await openDataset(join(temporaryFolder(prefixed('a', zipped)), 'a'))
    const plain = await openDataset(join(temporaryFolder(prefixed('a', ML_1M)), 'a'))
    expect([...interactions(dataset)]).toEqual([...interactions(plain)])
    expect([...dataset.items()]).toEqual([...plain.items()])
  })

  it('does without users.dat, as ML-10M does', async () => {
    const { 'users.dat': _, ...files } = { ...ML_1M, 'ratings.dat': '1::122::3.5::838985046\n' }
    const dataset = await openDataset(temporaryFolder(files))
    expect([...dataset.users()]).toEqual([])
    expect([...interactions(dataset)][0]).toMatchObject({ value: 3.5 })
  })
})

describe('ML-100K', () => {
  it('reads ratings, items with flagged genres, and users', async () => {
    const dataset = await openDataset(temporaryFolder(ML_100K))
    expect([...interactions(dataset)].map(({ userId, itemId, value }) => [userId, itemId, value])).toEqual([
      ['22', '377', 1],
      ['196', '242', 3],
    ])
    expect([...dataset.items()]).toEqual([
      { itemId: '242', title: "L'Amélie", year: 1997, genres: ['Action', 'Comedy'] },
      { itemId: '377', title: 'unknown', genres: [] },
      { itemId: '267', title: 'The Third', year: 1996, genres: ['Comedy'] },
    ])
    expect([...dataset.users()][1]).toEqual({
      userId: '196',
      attributes: { gender: 'M', ageGroup: '45-49', occupation: 'writer', zipCode: '55105' },
    })
  })
})

describe('ML-latest', () => {
  it('reads quoted titles, half stars and items without genres', async () => {
    const dataset = await openDataset(temporaryFolder(ML_LATEST))
    expect([...interactions(dataset)].map(({ itemId, value, at }) => [itemId, value, at])).toEqual([
      ['2', 0.5, 1147868817_000],
      ['1', 4.5, 1147880044_000],
    ])
    expect([...dataset.items()]).toEqual([
      { itemId: '1', title: 'The American President', year: 1995, genres: ['Comedy', 'Romance'] },
      { itemId: '2', title: '"Great Performances" Cats', year: 1998, genres: [] },
      { itemId: '3', title: 'Café', year: 2001, genres: ['Drama'] },
    ])
  })
})

describe("a user's own CSV", () => {
  const open = (content: string, onProblem?: (problem: Problem) => void) =>
    openDataset(join(temporaryFolder({ 'my plays.csv': content }), 'my plays.csv'), onProblem ? { onProblem } : {})

  it('takes columns under the names they are said to have', async () => {
    const folder = temporaryFolder({
      'clicks.csv': 'Visitor;SKU;item;Seen At\nv1;s1;x;1577836800\nv2;s2;y;1577836801\n',
    })
    const columns = { user: 'Visitor', item: 'SKU', time: 'Seen At' }
    const dataset = await openDataset(join(folder, 'clicks.csv'), { columns })
    expect([...interactions(dataset)].map(({ userId, itemId, kind }) => [userId, itemId, kind])).toEqual([
      ['v1', 's1', 'watched'],
      ['v2', 's2', 'watched'],
    ])
    const wrong = openDataset(join(folder, 'clicks.csv'), { columns: { ...columns, value: 'Stars' } })
    await expect(wrong).rejects.toThrow('no column "Stars" for value; there are Visitor, SKU, item, Seen At')
    await expect(openDataset(join(folder, 'clicks.csv'))).rejects.toThrow(/`--columns` say .*; no time/)
  })

  it('takes columns in any order under their usual names, and times in ms, seconds and ISO 8601', async () => {
    const dataset = await open(
      '\ufefftimestamp,Movie_ID,user_id,Rating\n1577836800000,a,"x, y",0.1\n1577836799,b,"say ""hi""",5\n' +
        '2020-01-01T00:00:02Z,c,ü,3\n2020-01-01 00:00:03,d,ü,-2.5\n2020-01-01T01:00:04+01:00,e,ü,1\n2019-01-01,f,ü,1\n',
    )
    expect(dataset.name).toBe('my-plays')
    expect([...interactions(dataset)]).toEqual(
      [
        { userId: 'ü', itemId: 'f', value: 1, at: Date.UTC(2019, 0, 1) },
        { userId: 'say "hi"', itemId: 'b', value: 5, at: Date.UTC(2020, 0, 1) - 1000 },
        { userId: 'x, y', itemId: 'a', value: 0.1, at: Date.UTC(2020, 0, 1) },
        { userId: 'ü', itemId: 'c', value: 3, at: Date.UTC(2020, 0, 1) + 2000 },
        { userId: 'ü', itemId: 'd', value: -2.5, at: Date.UTC(2020, 0, 1) + 3000 },
        { userId: 'ü', itemId: 'e', value: 1, at: Date.UTC(2020, 0, 1) + 4000 },
      ].map((event, sequence) => ({ eventId: `my-plays:${sequence}`, kind: 'rating', ...event })),
    )
  })

  it('keeps milliseconds, and sorts by them', async () => {
    const dataset = await open('user,item,time,value\nu,b,1577836800002,1\nu,a,1577836800001,1\nu,c,1577836800500,1\n')
    expect([...interactions(dataset)].map(({ itemId, at }) => [itemId, at % 1000])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 500],
    ])
  })

  it('takes the kind from its column, or from whether there is a value', async () => {
    const dataset = await open('user;item;time;value;kind\nu;a;1;;Like\nu;b;2;4;\nu;c;3;;\nu;d;4;2;purchase\n')
    expect([...interactions(dataset)].map(({ kind, value }) => [kind, value])).toEqual([
      ['like', undefined],
      ['rating', 4],
      ['watched', undefined],
      ['purchase', 2],
    ])
    expect([...interactions(dataset)].every((event) => validate('ratings', event).ok)).toBe(true)
  })

  it('calls items by their id, for want of a catalogue', async () => {
    const dataset = await open('user,item,time\nu,a,1\nu,b,2\nv,a,3\n')
    expect([...dataset.items()]).toEqual([
      { itemId: 'a', title: 'a' },
      { itemId: 'b', title: 'b' },
    ])
  })

  it('says which column is missing', async () => {
    await expect(open('user,thing,time\nu,a,1\n')).rejects.toThrow(/no item in "user,thing,time"/)
  })

  it.each([
    ['u,a,yesterday,1,', 'not a time'],
    ['u,a,-5,1,', 'not a time'],
    ['u,a,99999999999999,1,', 'not a time'],
    ['u,a,1,many,', 'not a value'],
    ['u,a,1,Infinity,', 'not a value'],
    ['u,a,1,1,loved', 'not a kind: "loved"; known are rating, like'],
    ['u,a,1,,rating', 'a rating without a value'],
    [',a,1,1,', 'not a user id'],
    [`u,${'i'.repeat(129)},1,1,`, 'not an item id'],
    ['u,a\u0007,1,1,', 'not an item id'],
    ['u,a,1', 'expected 5 fields'],
    ['u,"a,1,1,', 'a quote is not closed'],
  ])('reports the line %j: %s', async (line, reason) => {
    const problems: Problem[] = []
    const good = 'u,a,1,1,\n'.repeat(150)
    const dataset = await open(`user,item,time,value,kind\n${good}${line}\n${good}`, (problem) =>
      problems.push(problem),
    )
    expect(dataset.size).toBe(300)
    expect(problems).toEqual([expect.objectContaining({ line: 152, reason: expect.stringContaining(reason) })])
    expect(problems[0]!.file).toMatch(/my plays\.csv$/)
  })
})

describe('malformed files', () => {
  const good = '1::10::5::978300300\n'.repeat(500)

  it('are read on past a bad line, which is reported with its number and reason', async () => {
    const problems: Problem[] = []
    const bad = ['1::10::5', '1::10::x::978300300', '1::10::5::never', '1::10::99::978300300', '::10::5::978300300']
    const folder = temporaryFolder({ ...ML_1M, 'ratings.dat': `${good}${bad.join('\n')}\n\n${good}` })
    const dataset = await openDataset(folder, { onProblem: (problem) => problems.push(problem) })
    expect(dataset.size).toBe(1000)
    expect(problems.map(({ line, reason }) => [line, reason])).toEqual([
      [501, 'expected 4 fields separated by "::", found 3'],
      [502, 'not a rating: "x"'],
      [503, 'not a time in seconds up to now: "never"'],
      [504, 'not a rating: "99"'],
      [505, 'not a user id: ""'],
    ])
  })

  it('are refused when more than one line in a hundred is bad', async () => {
    const folder = temporaryFolder({ ...ML_1M, 'ratings.dat': `${good}${'1,10,5,978300300\n'.repeat(6)}` })
    await expect(openDataset(folder)).rejects.toThrow(
      /ratings\.dat: 6 of 506 lines cannot be read, which is more than 1 %; the first is line 501: expected 4 fields/,
    )
  })

  it('are refused when they are no text, or no gzip, or empty', async () => {
    const binary = temporaryFolder({ ...ML_1M, 'ratings.dat': Buffer.alloc(3 << 20, 1) })
    await expect(openDataset(binary)).rejects.toThrow(/ratings\.dat: not a text file/)
    const cut = gzipSync(good).subarray(0, 60)
    const { 'ratings.dat': _, ...rest } = ML_1M
    await expect(openDataset(temporaryFolder({ ...rest, 'ratings.dat.gz': cut }))).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('ratings.dat.gz cannot be read') }),
    )
    await expect(openDataset(temporaryFolder({ ...ML_1M, 'ratings.dat': '' }))).rejects.toThrow('no interactions')
  })

  it('may end without a line end and have lines that cross the blocks in which files are read', async () => {
    const lines = Array.from(
      { length: 120_000 },
      (_, i) => `${i % 7000}::${i}::3::${978300000 + ((i * 7919) % 100_000)}`,
    )
    const dataset = await openDataset(temporaryFolder({ ...ML_1M, 'ratings.dat': lines.join('\n') }))
    const events = [...interactions(dataset)]
    expect(events.length).toBe(120_000)
    const expected = lines
      .map((line) => line.split('::'))
      .toSorted((a, b) => Number(a[3]) - Number(b[3]))
      .map(([user, item]) => `${user}/${item}`)
    expect(events.map(({ userId, itemId }) => `${userId}/${itemId}`)).toEqual(expected)
  })
})

describe('a data set', () => {
  it('is found by name in a folder of data sets, and as the folder itself', async () => {
    const folder = temporaryFolder({ ...prefixed('ml-1m', ML_1M), ...prefixed('ml-100k', ML_100K) })
    expect((await openDataset('ml-100k', { folders: ['/nowhere', folder] })).name).toBe('ml-100k')
    expect((await openDataset('ml-1m', { folders: [join(folder, 'ml-1m')] })).size).toBe(4)
  })

  it('that is not there is refused with where it was looked for', async () => {
    await expect(openDataset('ml-1m', { folders: ['/nowhere'] })).rejects.toThrow(
      /No data set "ml-1m": there is no ml-1m, no \/nowhere\/ml-1m\. .*download ml-1m/,
    )
  })

  it('in an unknown layout is refused with what was looked for', async () => {
    const { 'movies.dat': _, ...files } = ML_1M
    await expect(openDataset(temporaryFolder(files))).rejects.toThrow(
      /is not a data set: looked for ratings\.dat \+ movies\.dat \(MovieLens 1M or 10M\), or u\.data/,
    )
  })
})

function prefixed(folder: string, files: Record<string, string | Uint8Array>): Record<string, string | Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]))
}
