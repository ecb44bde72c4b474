import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import { stateStoreSuite } from './state-store.suite.ts'

stateStoreSuite('memory', {
  open: async () => openMemoryStateStore({ partitions: 2 }),
  remove: async () => {},
  persistent: false,
})
