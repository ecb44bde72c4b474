// The one door to kafkajs: connections, errors, and what has to be set right in its last release.
import { createRequire } from 'node:module'
import type { ConnectionOptions } from 'node:tls'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs, { type Cluster, type Broker as KafkaNode, type SASLOptions } from 'kafkajs'
import { type ErrorCode, TributaryError } from '../errors.ts'

export interface KafkaConnection {
  /** `host:port` of some brokers of the cluster; the others are found through them. */
  readonly brokers: readonly string[]
  /** What the cluster's logs and quotas call this program. Default `tributary`. */
  readonly clientId?: string
  /** TLS, with Node's certificate authorities where `true`. */
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
}

/** kafkajs's nodes can do more than its types say: what its own consumers join their groups with. */
export interface GroupCoordinator extends KafkaNode {
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}

const RETRY = { initialRetryTime: 100, retries: 5, maxRetryTime: 2_000 }
const CONNECTION_TIMEOUT_MS = 3_000

export class KafkaClient {
  readonly kafka: kafkajs.Kafka
  readonly #brokers: string

  constructor({ brokers, clientId = 'tributary', ssl = false, sasl }: KafkaConnection) {
    this.#brokers = brokers.join(', ')
    this.kafka = new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      ssl,
      ...(sasl && { sasl: { ...sasl } as SASLOptions }),
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      retry: RETRY,
      // Whatever is wrong comes back as a rejection.
      logLevel: kafkajs.logLevel.NOTHING,
    })
  }

  /**
   * Connections of their own to all nodes that have to do with `topics`. kafkajs hands its cluster to partition
   * assigners only, so one is asked for by a consumer that never runs.
   */
  async connectCluster(topics: readonly string[]): Promise<Cluster> {
    let cluster: Cluster | undefined
    this.kafka.consumer({
      groupId: 'never-joined',
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (given) => {
          cluster = given.cluster
          return { name: 'none', version: 0, assign: async () => [], protocol: () => ({ name: '', metadata: NONE }) }
        },
      ],
    })
    const connected = cluster!
    await this.run('connect', async () => {
      await connected.connect()
      await connected.addMultipleTargetTopics([...topics])
    })
    return connected
  }

  /**
   * @param what the action is for, to follow "cannot"
   * @throws TributaryError
   */
  async run<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw this.asTributaryError(what, error)
    }
  }

  asTributaryError(what: string, error: unknown): TributaryError {
    if (error instanceof TributaryError) return error
    const cause = rootOf(error)
    const code = codeOf(cause)
    const message = `cannot ${what}, Kafka at ${this.#brokers}: ${cause.message.replace(/\.*$/, '.')} ${ADVICE[code] ?? ''}`
    return new TributaryError(code, message.trimEnd(), { brokers: this.#brokers, kafka: cause.type }, error)
  }
}

/** Names of Kafka's errors, as the protocol has them: https://kafka.apache.org/protocol#protocol_error_codes */
export function typeOf(error: unknown): string | undefined {
  return rootOf(error).type
}

/** Whether the same request may succeed later. */
export function isRetriable(error: unknown): boolean {
  return codeOf(rootOf(error)) === 'UNAVAILABLE'
}

interface KafkaError extends Error {
  readonly type?: string
  readonly retriable?: boolean
}

const NONE = Buffer.alloc(0)

const ADVICE: Partial<Record<ErrorCode, string>> = {
  UNAVAILABLE: 'Is it running, and can its advertised address be reached from here?',
  BAD_USAGE: 'Check user, password, mechanism, TLS, what the user may do (ACL), and the options of the topics.',
}

const MISUSE = /AUTH|SASL|SECURITY|INCONSISTENT_GROUP_PROTOCOL|POLICY_VIOLATION|^INVALID_(REPLICATION|CONFIG|SESSION)/
const TOO_LARGE = /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE)$/

function codeOf(cause: KafkaError): ErrorCode {
  const name = cause.type ?? cause.name
  if (MISUSE.test(name.toUpperCase())) return 'BAD_USAGE'
  if (TOO_LARGE.test(name)) return 'BAD_INPUT'
  return cause.name.startsWith('KafkaJS') && cause.retriable !== false ? 'UNAVAILABLE' : 'INTERNAL'
}

/** kafkajs wraps errors, also a retriable one into one that is not. */
function rootOf(error: unknown): KafkaError {
  let root = error as KafkaError
  while (root.cause instanceof Error) root = root.cause as KafkaError
  return root
}

// Node has it built in: several times faster than gzip, and smaller.
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) =>
    compress(buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decompress: (buffer: Buffer) => decompress(buffer),
})

// Whenever a connection has nothing to send, kafkajs 2.2.4 sets a timer of a negative time, which Node takes for 1 ms
// and warns of, and sets it again when it fires: every idle connection would wake up a thousand times a second.
interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}
const { prototype }: { prototype: RequestQueue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue')
const schedule = prototype.scheduleCheckPendingRequests
prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) schedule.call(this)
}
