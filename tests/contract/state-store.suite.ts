import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StateStore } from '../../src/state/state-store.ts'

export interface StateStoreUnderTest {
  /** A store that other runs do not write to; opened again, it has what was committed. */
  open(): Promise<StateStore>
  /** Removes what was stored. */
  remove(): Promise<void>
  readonly persistent: boolean
}

const bytes = (text: string) => Buffer.from(text)
const put = (entries: Record<string, string | null>) =>
  new Map(Object.entries(entries).map(([key, value]) => [key, value === null ? null : bytes(value)]))

/** What every state store has to do. Groups are named after the clock, so that runs on one server keep apart. */
export function stateStoreSuite(name: string, under: StateStoreUnderTest): void {
  describe(`${name} as a StateStore`, () => {
    let store: StateStore
    let count = 0
    const run = Date.now().toString(36)
    const newGroup = () => `suite-${run}-${count++}`
    const texts = async (group: string, partition: number, keys: string[]) =>
      (await store.read(group, partition, keys)).map((value) => value && Buffer.from(value).toString())
    const scanned = async (group: string, partition: number, prefix: string) => {
      const found: [string, string][] = []
      for await (const [key, value] of store.scan(group, partition, prefix)) {
        found.push([key, Buffer.from(value).toString()])
      }
      return found
    }

    beforeAll(async () => {
      store = await under.open()
    })
    afterAll(async () => {
      await store.close()
      await under.remove()
    })

    it('starts empty', async () => {
      const group = newGroup()
      expect((await store.own(group, 0)).offsets).toEqual({})
      expect(await store.offsets(group, 1)).toEqual({})
      expect(await texts(group, 0, ['a', 'b'])).toEqual([undefined, undefined])
      expect(await scanned(group, 0, '')).toEqual([])
    })

    it('reads back what was committed, in the order asked, absent keys as undefined', async () => {
      const group = newGroup()
      const owner = await store.own(group, 1)
      await owner.commit(put({ 'h:1': 'one', 'h:2': '', 'n:ü "x"\n': 'ünï' }), { ratings: 5 })
      expect(await texts(group, 1, ['h:2', 'nope', 'n:ü "x"\n', 'h:1'])).toEqual(['', undefined, 'ünï', 'one'])
      expect(await store.offsets(group, 1)).toEqual({ ratings: 5 })
      expect(owner.offsets).toEqual({ ratings: 5 })
    })

    it('keeps binary values and long ones whole', async () => {
      const group = newGroup()
      const owner = await store.own(group, 0)
      const value = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 256)
      await owner.commit(new Map([['big', value]]), {})
      const [read] = await store.read(group, 0, ['big'])
      expect(Buffer.compare(read!, value)).toBe(0)
    })

    it('gives each value of a reading its own bytes, short and long ones', async () => {
      const group = newGroup()
      const owner = await store.own(group, 0)
      const lengths = [1, 8, 20_001, 0, 3, 50_000, 100_000, 16, 65_536, 7]
      const values = lengths.map((length, i) => new Uint8Array(length).fill(i + 1))
      await owner.commit(new Map(values.map((value, i) => [`k${i}`, value])), {})
      const keys = lengths.map((_, i) => `k${i}`)
      const [first, again] = [await store.read(group, 0, keys), await store.read(group, 0, keys)]
      for (const read of [first, again])
        expect(read.map((value) => Buffer.from(value!))).toEqual(values.map((value) => Buffer.from(value)))
    })

    it('does not change a stored value when the committed bytes are changed afterwards', async () => {
      const group = newGroup()
      const owner = await store.own(group, 0)
      const value = Buffer.from('before')
      await owner.commit(new Map([['k', value]]), {})
      value.write('AFTER!')
      expect(await texts(group, 0, ['k'])).toEqual(['before'])
    })

    it('overwrites, deletes, and merges offsets', async () => {
      const group = newGroup()
      const owner = await store.own(group, 0)
      await owner.commit(put({ a: '1', b: '1' }), { ratings: 1, feedback: 1 })
      await owner.commit(put({ a: '22', b: null, c: '1' }), { ratings: 2 })
      expect(await texts(group, 0, ['a', 'b', 'c'])).toEqual(['22', undefined, '1'])
      expect(await store.offsets(group, 0)).toEqual({ ratings: 2, feedback: 1 })
    })

    it('scans a prefix and nothing else, in the order of bytes', async () => {
      const group = newGroup()
      const owner = await store.own(group, 0)
      await owner.commit(put({ 'n:2': 'b', 'n:10': 'a', 'n:é': 'c', 'm:1': 'x', 'o:1': 'y', n: 'z' }), {})
      expect(await scanned(group, 0, 'n:')).toEqual([
        ['n:10', 'a'],
        ['n:2', 'b'],
        ['n:é', 'c'],
      ])
    })

    it('keeps groups and partitions apart', async () => {
      const [one, two] = [newGroup(), newGroup()]
      await (await store.own(one, 0)).commit(put({ k: 'one/0' }), { ratings: 1 })
      await (await store.own(one, 1)).commit(put({ k: 'one/1' }), { ratings: 2 })
      await (await store.own(two, 0)).commit(put({ k: 'two/0' }), { ratings: 3 })
      expect(await texts(one, 0, ['k'])).toEqual(['one/0'])
      expect(await texts(one, 1, ['k'])).toEqual(['one/1'])
      expect(await texts(two, 0, ['k'])).toEqual(['two/0'])
      await store.drop(one)
      expect(await texts(one, 0, ['k'])).toEqual([undefined])
      expect(await store.offsets(one, 1)).toEqual({})
      expect(await texts(two, 0, ['k'])).toEqual(['two/0'])
    })

    it('fences the earlier owner: its commit is refused and writes nothing', async () => {
      const group = newGroup()
      const stale = await store.own(group, 0)
      await stale.commit(put({ k: 'stale 1' }), { ratings: 1 })
      const fresh = await store.own(group, 0)
      expect(fresh.offsets).toEqual({ ratings: 1 })
      await expect(stale.commit(put({ k: 'stale 2', other: 'x' }), { ratings: 2 })).rejects.toMatchObject({
        code: 'FENCED',
        retriable: false,
      })
      await fresh.commit(put({ k: 'fresh' }), { ratings: 2 })
      await expect(stale.commit(put({ k: 'stale 3' }), { ratings: 3 })).rejects.toMatchObject({ code: 'FENCED' })
      expect(await texts(group, 0, ['k', 'other'])).toEqual(['fresh', undefined])
      expect(await store.offsets(group, 0)).toEqual({ ratings: 2 })
    })

    it('lets exactly the newest of owners that race for a partition commit', async () => {
      const group = newGroup()
      const owners = await Promise.all(Array.from({ length: 5 }, () => store.own(group, 0)))
      const outcomes = await Promise.allSettled(owners.map((owner, i) => owner.commit(put({ k: `${i}` }), { n: i })))
      const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
      expect(winners).toHaveLength(1)
      expect(await texts(group, 0, ['k'])).toEqual([`${winners[0]}`])
    })

    it('commits thousands of mutations at once, and readers see all of a commit or none', async () => {
      const group = newGroup()
      const owner = await store.own(group, 0)
      const keys = Array.from({ length: 3_000 }, (_, i) => `k${i}`)
      const round = (n: number) => new Map(keys.map((key) => [key, bytes(`${n}`)]))
      await owner.commit(round(0), { n: 0 })
      let writing = true
      const torn: string[][] = []
      const reader = (async () => {
        while (writing) {
          const values = new Set(await texts(group, 0, [keys[0]!, keys[1_500]!, keys.at(-1)!]))
          if (values.size !== 1) torn.push([...values] as string[])
          await new Promise(setImmediate)
        }
      })()
      for (let n = 1; n <= 20; n++) await owner.commit(round(n), { n })
      writing = false
      await reader
      expect(torn).toEqual([])
      expect(await texts(group, 0, ['k0', 'k2999'])).toEqual(['20', '20'])
    })

    it.runIf(under.persistent)('has all that was committed when it is opened again', async () => {
      const group = newGroup()
      await (await store.own(group, 0)).commit(put({ k: 'kept' }), { ratings: 7 })
      await store.close()
      store = await under.open()
      const owner = await store.own(group, 0)
      expect(owner.offsets).toEqual({ ratings: 7 })
      expect(await texts(group, 0, ['k'])).toEqual(['kept'])
    })
  })
}
