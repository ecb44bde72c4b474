// Writes one release after the other into the folder given, and says so, until it is killed.
import { buildIndexes } from '../../src/releases/build-indexes.ts'
import { newVersion, ReleaseFolder } from '../../src/releases/release-folder.ts'
import { topicalModel, topicalNeighbours } from '../fakes/fake-models.ts'

const ITEMS = 2_000
const folder = new ReleaseFolder(process.argv[2]!)
const itemIds = Array.from({ length: ITEMS }, (_, i) => `i${i}`)
const models = new Map([
  ['two-tower' as const, { ...topicalModel(ITEMS), trainingSeconds: 0 }],
  ['item-cf' as const, { ...topicalNeighbours(ITEMS), trainingSeconds: 0 }],
])
const indexes = await buildIndexes(new Map([...models].map(([name, { tensors }]) => [name, tensors])))
const gate = { passed: true, leftOut: [], reasons: [], measures: {} }
for (;;) {
  const version = newVersion(itemIds)
  process.send!({ writing: version })
  await folder.write({ version, createdAt: Date.now(), watermark: 1, itemIds, models, indexes, gate })
  process.send!({ written: version })
}
