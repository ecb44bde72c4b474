import type { Scorer } from './scorer.ts'

/** Chance: what any ranking must beat. The same for the same seed, in whatever order the cases come. */
export function random(seed: number): Scorer {
  return {
    systems: ['random'],
    learn() {},
    score({ id }, [into]) {
      const key = mix(mix(seed) ^ id)
      for (let item = 0; item < into!.length; item++) into![item] = mix(key ^ item)
    },
  }
}

/** The finalizer of MurmurHash3, a bijection that spreads all bits. */
function mix(bits: number): number {
  let hash = bits | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
