import { afterAll, expect, it } from 'vitest'
import { SEQUENCE_RECIPE, sequenceTrainer } from '../../src/training/sequence-trainer.ts'
import { openBackend } from '../../src/training/tensorflow.ts'
import { TWO_TOWER_RECIPE, twoTowerTrainer } from '../../src/training/two-tower-trainer.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const set = plantedTrainingSet({ users: 20, items: 20, events: 8 })
const SMALL = { leastSteps: 0, width: 8, hidden: 8, window: 6, batchSize: 20, epochs: 1, dropout: 0 }
const TRAINERS = [
  sequenceTrainer({ ...SEQUENCE_RECIPE, ...SMALL }),
  twoTowerTrainer({ ...TWO_TOWER_RECIPE, ...SMALL, pools: 2, negatives: 8 }),
]

const hasNative = await openBackend('tensorflow').then(
  () => true,
  () => false,
)

afterAll(() => openBackend(hasNative ? 'tensorflow' : 'wasm'))

it.each(TRAINERS)('the $name model trains on WebAssembly as on the native library', async (trainer) => {
  const trained = async (backend: 'tensorflow' | 'wasm') => {
    await openBackend(backend)
    return (await trainer.train(set, { seed: 2, budgetSeconds: 60 })).tensors
  }
  const wasm = await trained('wasm')
  expect(wasm.get('items')!.data.every(Number.isFinite)).toBe(true)
  if (!hasNative) return
  const native = await trained('tensorflow')
  for (const [name, { data }] of native) {
    const other = wasm.get(name)!.data
    for (let i = 0; i < data.length; i++) expect(Math.abs(data[i]! - other[i]!), name).toBeLessThan(2e-3)
  }
})
