import { setTimeout } from 'node:timers/promises'
import type { Topic } from '../events/topics.ts'
import { backOffMs } from './back-off.ts'
import type { RecordBatch } from './broker.ts'
import type { Group, GroupMember } from './consumer-group.ts'
import {
  ASSIGNMENT_PROTOCOL,
  assignPartitions,
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
} from './kafka-assignment.ts'
import type { KafkaCluster, KafkaNode } from './kafka-cluster.ts'
import { isRetriable, typeOf } from './kafka-errors.ts'

export interface KafkaGroupOptions {
  readonly cluster: KafkaCluster
  readonly groupId: string
  readonly topics: readonly Topic[]
  readonly partitions: number
  /** Without a sign of life for so long, a member's partitions are given to others. */
  readonly sessionTimeoutMs: number
  /** Told when nothing of the partition is handled any more. */
  readonly onReleased: (partition: number) => void
  /** Told when the group cannot be gone on with; the member is then expected to leave. */
  readonly onFailure: (error: unknown) => void
}

/** How soon a member learns that others have come or gone. */
const HEARTBEAT_INTERVAL_MS = 500
/** How long the others wait for a member that is alive to join a new generation. */
const REBALANCE_TIMEOUT_MS = 30_000
/** As after a few failures: two that take a partition from each other must not do it all the time. */
const FENCED_PAUSE_ATTEMPT = 4

/**
 * A member of a Kafka consumer group, by Kafka's own protocol. Rebalancing is incremental (see `assignPartitions`): a
 * partition goes on being handled until it is asked for, and is given to another only after it has been let go of.
 * Only a member that Kafka takes for dead loses its partitions unasked; then the state store's fencing speaks.
 */
export class KafkaGroup implements Group {
  readonly #options: KafkaGroupOptions
  readonly #owned = new Set<number>()
  readonly #releasing = new Map<number, Promise<void>>()
  /** Of the offsets handled, by topic and partition; for tools that show the lag, since positions are the consumer's. */
  readonly #handled = new Map<Topic, Map<number, number>>()
  readonly #joined = Promise.withResolvers<void>()
  #member: GroupMember | undefined
  #coordinator: KafkaNode | undefined
  #memberId = ''
  #generation = -1
  /** Something has been let go of that others wait for. */
  #freed = false
  #leaving = false
  #pause = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: KafkaGroupOptions) {
    this.#options = options
  }

  /** Resolves when the group knows of the member. */
  get joined(): Promise<void> {
    return this.#joined.promise
  }

  join(member: GroupMember): void {
    this.#member = member
    this.#running = this.#run()
  }

  async leave(): Promise<void> {
    this.#leaving = true
    void this.#release(this.#owned)
    this.#pause.abort()
    await this.#running
  }

  /** Someone else writes the partition's state: lets go of it, and joins anew to see whose it is. */
  fenced(partition: number): void {
    void this.#release([partition], backOffMs(FENCED_PAUSE_ATTEMPT))
  }

  handled({ topic, partition, next }: RecordBatch): void {
    const offsets = this.#handled.get(topic) ?? new Map<number, number>()
    this.#handled.set(topic, offsets.set(partition, next))
  }

  get #gone(): boolean {
    return this.#leaving && this.#owned.size === 0
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#gone; ) {
      try {
        await this.#joinGeneration()
        failures = 0
        await this.#stay()
      } catch (error) {
        if (isMembershipLost(error)) await this.#startOver()
        else if (!isRebalance(error)) {
          if (isRetriable(error)) await this.#options.cluster.lookAgain(error)
          else this.#fail(error)
          await this.#sleep(backOffMs(failures++))
        }
      }
    }
    await this.#commitHandled()
    const { groupId } = this.#options
    await this.#coordinator?.leaveGroup({ groupId, memberId: this.#memberId }).catch(() => {})
  }

  async #joinGeneration(): Promise<void> {
    const { cluster, groupId, topics, sessionTimeoutMs } = this.#options
    this.#freed = false
    const claimed = [...this.#owned]
    const names = topics.map((topic) => cluster.nameOf(topic))
    this.#coordinator = await cluster.coordinator(groupId)
    const { generationId, memberId, leaderId, members } = await this.#coordinator.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      memberId: this.#memberId,
      groupProtocols: [{ name: ASSIGNMENT_PROTOCOL, metadata: encodeClaim(names, claimed, this.#generation) }],
    })
    this.#memberId = memberId
    this.#generation = generationId
    this.#joined.resolve()
    const { memberAssignment } = await this.#coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupAssignment: leaderId === memberId ? this.#assignAll(names, members) : [],
    })
    this.#reconcile(claimed, new Set(decodeAssignment(memberAssignment)))
  }

  #assignAll(names: readonly string[], members: readonly { memberId: string; memberMetadata: Buffer }[]) {
    const { partitions } = this.#options
    const claims = members.map(({ memberId, memberMetadata }) => decodeClaim(memberId, memberMetadata))
    return [...assignPartitions(claims, partitions)].map(([memberId, assigned]) => ({
      memberId,
      memberAssignment: encodeAssignment(names, assigned),
    }))
  }

  #reconcile(claimed: readonly number[], assigned: ReadonlySet<number>): void {
    const taken = claimed.filter((partition) => !assigned.has(partition))
    // What was let go of meanwhile was still claimed: nobody has it before it is joined without.
    if (taken.some((partition) => !this.#owned.has(partition))) this.#freed = true
    void this.#release(taken)
    if (this.#leaving) return
    for (const partition of assigned) {
      if (this.#owned.has(partition)) continue
      this.#owned.add(partition)
      this.#member!.assign(partition)
    }
  }

  /** Resolves when the member should join anew or has gone. Heartbeats go on while partitions are let go of. */
  async #stay(): Promise<void> {
    const { groupId } = this.#options
    while (!this.#freed && !this.#gone) {
      await this.#sleep(HEARTBEAT_INTERVAL_MS)
      if (this.#freed || this.#gone) return
      await this.#commitHandled()
      await this.#coordinator!.heartbeat({ groupId, groupGenerationId: this.#generation, memberId: this.#memberId })
    }
  }

  /** The group does not know of us any more: what we had may be others' already. */
  async #startOver(): Promise<void> {
    this.#memberId = ''
    this.#generation = -1
    await this.#release(this.#owned)
  }

  /** Resolves when none of them is owned any more. */
  async #release(partitions: Iterable<number>, pauseMs = 0): Promise<void> {
    const owned = [...partitions].filter((partition) => this.#owned.has(partition))
    for (const partition of owned) {
      if (!this.#releasing.has(partition)) this.#releasing.set(partition, this.#letGo(partition, pauseMs))
    }
    await Promise.all(owned.map((partition) => this.#releasing.get(partition)))
  }

  async #letGo(partition: number, pauseMs: number): Promise<void> {
    await this.#member!.revoke(partition)
    this.#options.onReleased(partition)
    if (pauseMs > 0 && !this.#leaving) await setTimeout(pauseMs)
    this.#releasing.delete(partition)
    this.#owned.delete(partition)
    this.#freed = true
    this.#pause.abort()
  }

  /** Whether it succeeds matters to nobody but an onlooker. */
  async #commitHandled(): Promise<void> {
    if (this.#handled.size === 0 || !this.#coordinator) return
    const { cluster, groupId } = this.#options
    const topics = [...this.#handled].map(([topic, offsets]) => ({
      topic: cluster.nameOf(topic),
      partitions: [...offsets].map(([partition, offset]) => ({ partition, offset: `${offset}` })),
    }))
    this.#handled.clear()
    await this.#coordinator
      .offsetCommit({ groupId, groupGenerationId: this.#generation, memberId: this.#memberId, topics })
      .catch(() => {})
  }

  #fail(error: unknown): void {
    const { cluster, groupId, onFailure } = this.#options
    onFailure(cluster.asTributaryError(`take part in the group ${groupId}`, error))
  }

  /** Ends early when there is something to do. */
  async #sleep(ms: number): Promise<void> {
    this.#pause = new AbortController()
    await setTimeout(ms, undefined, { signal: this.#pause.signal }).catch(() => {})
  }
}

/** The members are to join a new generation. */
function isRebalance(error: unknown): boolean {
  return typeOf(error) === 'REBALANCE_IN_PROGRESS'
}

function isMembershipLost(error: unknown): boolean {
  const type = typeOf(error)
  return type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION'
}
