import type { Item } from '../events/types.ts'

/** The content side of a trained item tower: where an item belongs that nobody has met yet. Owns its buffers. */
export interface ItemTower {
  readonly dimensions: number
  /**
   * @param into (dimensions), in the space of the model's `items`; written where the answer is true
   * @returns false where the catalogue's entry says nothing to the tower
   */
  embed(item: Item, into: Float32Array): boolean
}
