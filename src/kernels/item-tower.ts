import type { ItemTower } from '../models/item-tower.ts'
import type { Tensors } from '../models/tensors.ts'
import { CONTENT_FEATURES, contentBag } from './item-content.ts'
import { tensorOf } from './tensor-of.ts'

/** From what the catalogue says of an item to a vector of length 1. @throws CORRUPT where a tensor is missing */
export function itemTower(tensors: Tensors): ItemTower {
  const rarity = tensorOf(tensors, 'content.rarity').data
  const weights = tensorOf(tensors, 'content.weights')
  const [features, dimensions] = weights.shape as [number, number]
  return {
    dimensions,
    embed(item, into) {
      const bag = contentBag(item, rarity, features - CONTENT_FEATURES)
      if (bag.features.length === 0) return false
      into.fill(0)
      bag.features.forEach((feature, at) => {
        const weight = bag.weights[at]!
        for (let i = 0; i < dimensions; i++) into[i]! += weight * weights.data[feature * dimensions + i]!
      })
      const norm = Math.sqrt(into.reduce((sum, value) => sum + value * value, 0))
      if (!(norm > 0)) return false
      for (let i = 0; i < dimensions; i++) into[i]! /= norm
      return true
    },
  }
}
