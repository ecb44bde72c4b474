import type { Tensors } from '../../src/models/tensors.ts'
import type { Random } from '../../src/random.ts'
import type { Scaling } from '../../src/training/din-batches.ts'
import { type DinSettings, dinParameters } from '../../src/training/din-model.ts'
import { encodeDin } from '../../src/training/din-tensors.ts'

/** A Deep Interest Network whose parameters are drawn by chance, as a release holds it. */
export function randomDin(
  items: number,
  names: readonly string[],
  contextNames: readonly string[],
  settings: DinSettings,
  random: Random,
): Tensors {
  const initials = dinParameters(items, names.length, contextNames.length, settings)
  const parameters = new Map(
    Object.entries(initials).map(([name, { shape, deviation, mean = 0 }]) => {
      const length = shape.reduce((product, size) => product * size, 1)
      // What training begins with as zeros is none of them here.
      const data = Float32Array.from({ length }, () => mean + (deviation || 0.1) * random.normal())
      return [name, { shape, data }] as const
    }),
  )
  return encodeDin(parameters, unscaled(names.length, contextNames.length), names, contextNames)
}

/** Takes features and context as they are. */
export function unscaled(features: number, contexts: number): Scaling {
  return {
    scale: new Float32Array(features).fill(1),
    contextMean: new Float32Array(contexts),
    contextScale: new Float32Array(contexts).fill(1),
  }
}
