import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdbBroker } from '../../src/broker/lmdb-broker.ts'
import { brokerSuite } from './broker.suite.ts'

brokerSuite({
  name: 'LMDB',
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-'))
    const open = () => openLmdbBroker({ path: join(folder, 'log'), partitions: 4 })
    let broker = open()
    return {
      broker,
      reopen: async () => {
        await broker.close()
        broker = open()
        return broker
      },
      close: async () => {
        await broker.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
})
