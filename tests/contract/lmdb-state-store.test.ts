import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, uptime } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLmdbStateStore } from '../../src/state/lmdb-state-store.ts'
import { stateStoreSuite } from './state-store.suite.ts'

const path = mkdtempSync(join(tmpdir(), 'lmdb-state-'))
stateStoreSuite('LMDB', {
  open: async () => openLmdbStateStore({ path, partitions: 2 }),
  remove: async () => rmSync(path, { recursive: true }),
  persistent: true,
})

it('refuses a state that was made with another number of partitions', async () => {
  const other = mkdtempSync(join(tmpdir(), 'lmdb-state-'))
  const store = openLmdbStateStore({ path: other, partitions: 2 })
  await store.close()
  expect(() => openLmdbStateStore({ path: other, partitions: 3 })).toThrow(/has 2 partitions/)
  rmSync(other, { recursive: true })
})

describe('an LMDB state that was not flushed', () => {
  const bytes = new Map([['k', Buffer.from('value')]])
  const marked = async (boot: number | undefined) => {
    const folder = mkdtempSync(join(tmpdir(), 'lmdb-state-'))
    const store = openLmdbStateStore({ path: folder, partitions: 2 })
    await (await store.own('live', 0)).commit(bytes, { ratings: 3 })
    await store.close()
    expect(existsSync(join(folder, 'unflushed'))).toBe(false)
    if (boot !== undefined) writeFileSync(join(folder, 'unflushed'), String(boot))
    const again = openLmdbStateStore({ path: folder, partitions: 2 })
    const offsets = await again.offsets('live', 0)
    await again.close()
    rmSync(folder, { recursive: true })
    return offsets
  }

  it('is kept when it was closed, or when only the process died', async () => {
    expect(await marked(undefined)).toEqual({ ratings: 3 })
    expect(await marked(Date.now() - uptime() * 1000)).toEqual({ ratings: 3 })
  })

  it('is dropped, to be folded again from the log, when the machine has been booted since', async () => {
    expect(await marked(Date.now() - uptime() * 1000 - 3_600_000)).toEqual({})
    expect(await marked(Number.NaN)).toEqual({})
  })
})
