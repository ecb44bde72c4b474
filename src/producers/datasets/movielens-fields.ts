import type { User } from '../../events/types.ts'

/** `Comedy|Drama` → ['Comedy', 'Drama']; none for what MovieLens writes where it knows none. */
export function genresOf(field: string): string[] {
  return field.split('|').filter((genre) => genre !== '' && genre !== 'unknown' && genre !== '(no genres listed)')
}

/** The age groups of ML-1M (whose ages are the lower ends already), so that both data sets speak of the same ones. */
export function ageGroupOf(age: number): string | undefined {
  if (!(age >= 0)) return undefined
  return AGE_GROUPS.find(([from]) => age >= from)![1]
}

const AGE_GROUPS: readonly (readonly [from: number, name: string])[] = [
  [56, '56+'],
  [50, '50-55'],
  [45, '45-49'],
  [35, '35-44'],
  [25, '25-34'],
  [18, '18-24'],
  [0, 'under 18'],
]

/** Leaves out what is not known. */
export function profileOf(userId: string, attributes: Record<string, string | undefined>): User {
  const known = Object.entries(attributes).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return { userId, attributes: Object.fromEntries(known.map(([name, value]) => [name, value.slice(0, 256)])) }
}
