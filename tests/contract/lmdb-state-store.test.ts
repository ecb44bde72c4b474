import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
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
