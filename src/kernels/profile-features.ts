// What is known of a user apart from what they did, as hashed features. Training and serving read it here.
import type { User } from '../events/types.ts'
import { hashed } from './item-content.ts'

/** Features that an attribute and its value may be hashed to. */
export const PROFILE_FEATURES = 512

/** Ascending, each once. Attributes mean what their producer wants them to. */
export function profileFeatures(attributes: User['attributes'] = {}): Int32Array {
  const features = Object.entries(attributes).map(([name, value]) => hashed(`${name} ${value}`, PROFILE_FEATURES))
  return Int32Array.from(new Set(features)).sort()
}
