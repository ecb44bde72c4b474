/** One member of a group, as the group sees it. */
export interface GroupMember {
  /** The partition is yours from now on. */
  assign(partition: number): void
  /** Resolves when nothing of the partition runs any more. Never rejects. */
  revoke(partition: number): Promise<void>
}

/** What decides who has which partitions. */
export interface Group {
  join(member: GroupMember): void
  /** Resolves when all of the member's partitions have been revoked. */
  leave(member: GroupMember): Promise<void>
  /** Another has taken the partition's state from the member. A group without this has its member fail. */
  fenced?(partition: number): void
}

/**
 * Shares partition numbers evenly among the members. Rebalancing is incremental: only partitions that change hands
 * are interrupted, and each is assigned anew as soon as its former owner has let go of it.
 */
export class ConsumerGroup implements Group {
  readonly #members: GroupMember[] = []
  readonly #owners: (GroupMember | undefined)[]
  /** Revocations under way, by partition. */
  readonly #revoking = new Map<number, Promise<void>>()

  constructor(partitions: number) {
    this.#owners = Array.from({ length: partitions }, () => undefined)
  }

  join(member: GroupMember): void {
    this.#members.push(member)
    this.#balance()
  }

  async leave(member: GroupMember): Promise<void> {
    const at = this.#members.indexOf(member)
    if (at !== -1) this.#members.splice(at, 1)
    this.#balance()
    await Promise.all([...this.#revoking].filter(([partition]) => this.#owners[partition] === member).map(([, r]) => r))
  }

  #balance(): void {
    for (const [partition, target] of share(this.#owners, this.#members).entries()) {
      const owner = this.#owners[partition]
      if (owner === target || this.#revoking.has(partition)) continue
      if (owner) this.#revoking.set(partition, this.#revoke(partition, owner))
      else {
        this.#owners[partition] = target
        target?.assign(partition)
      }
    }
  }

  async #revoke(partition: number, owner: GroupMember): Promise<void> {
    await owner.revoke(partition)
    this.#revoking.delete(partition)
    this.#owners[partition] = undefined
    this.#balance()
  }
}

/**
 * Who should own each partition: shares differ by one at most, and whoever owns a partition keeps it while its share
 * allows. Nobody where there are no members.
 */
export function share<Member>(
  owners: readonly (Member | undefined)[],
  members: readonly Member[],
): (Member | undefined)[] {
  const counts = new Map(members.map((member) => [member, 0]))
  const floor = Math.floor(owners.length / members.length)
  let extras = owners.length % members.length
  const take = (member: Member): boolean => {
    const count = counts.get(member)
    if (count === undefined || count > floor || (count === floor && extras === 0)) return false
    if (count === floor) extras--
    counts.set(member, count + 1)
    return true
  }
  const kept = owners.map((owner) => (owner !== undefined && take(owner) ? owner : undefined))
  return kept.map(
    (owner) =>
      owner ??
      members.find((member) => counts.get(member)! < floor && take(member)) ??
      members.find((member) => take(member)),
  )
}
