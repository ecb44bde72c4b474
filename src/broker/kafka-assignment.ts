// Which member of a Kafka consumer group handles which partitions: the group's leader says, knowing what everyone holds.
import kafkajs from 'kafkajs'
import { share } from './consumer-group.ts'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
const VERSION = 0

/** The name of this way of assigning: all members of a group must use the same. */
export const ASSIGNMENT_PROTOCOL = 'tributary-incremental'

export interface Claim {
  readonly memberId: string
  /** Partition numbers that the member has and will go on handling until they are taken from it. */
  readonly owned: readonly number[]
}

/**
 * Shares partition numbers evenly, each of them on all topics to the same member. Incremental: whoever has a partition
 * goes on with it meanwhile, and one that is to change hands is first given to nobody. Its owner lets go of it and
 * joins anew, and only that assignment gives it to the new one. So it never has two owners who know of each other.
 */
export function assignPartitions(claims: readonly Claim[], partitions: number): Map<string, number[]> {
  const owners: (string | undefined)[] = Array.from({ length: partitions }, () => undefined)
  for (const { memberId, owned } of claims) for (const partition of owned) owners[partition] = memberId
  const members = claims.map(({ memberId }) => memberId).sort()
  const assigned = new Map<string, number[]>(members.map((member) => [member, []]))
  for (const [partition, target] of share(owners, members).entries()) {
    const owner = owners[partition]
    if (owner === undefined || owner === target) assigned.get(target!)!.push(partition)
  }
  return assigned
}

/** What a member says on joining. `generation` only makes each one differ: an unchanged one moves nothing. */
export function encodeClaim(topics: readonly string[], owned: Iterable<number>, generation: number): Buffer {
  const userData = Buffer.from(JSON.stringify({ owned: [...owned], generation }))
  return MemberMetadata.encode({ version: VERSION, topics: [...topics], userData })
}

export function decodeClaim(memberId: string, metadata: Buffer): Claim {
  const { userData } = MemberMetadata.decode(metadata)!
  return { memberId, owned: JSON.parse(userData.toString('utf8')).owned }
}

/** In the format of Kafka's own consumers, so that its tools can show it. */
export function encodeAssignment(topics: readonly string[], partitions: readonly number[]): Buffer {
  const assignment = Object.fromEntries(topics.map((topic) => [topic, [...partitions]]))
  return MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) })
}

export function decodeAssignment(assignment: Buffer): number[] {
  const [partitions = []] = Object.values(MemberAssignment.decode(assignment)?.assignment ?? {})
  return partitions
}
