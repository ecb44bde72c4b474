import type { ConnectionOptions } from 'node:tls'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs, { type Cluster, type SASLOptions } from 'kafkajs'
import './kafka-patches.ts'

export interface KafkaConnection {
  /** `host:port` of some brokers of the cluster; the others are found through them. */
  readonly brokers: readonly string[]
  /** What the cluster's logs and quotas call this program. Default `tributary`. */
  readonly clientId?: string
  /** TLS; `true` trusts the certificate authorities that Node does. */
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
}

/** Enough for a leader to change; whoever asks tries again, with pauses of its own. */
const RETRY = { initialRetryTime: 100, retries: 3, maxRetryTime: 1_000 }
const CONNECTION_TIMEOUT_MS = 3_000
const REQUEST_TIMEOUT_MS = 10_000

export function createKafka({ brokers, clientId = 'tributary', ssl = false, sasl }: KafkaConnection): kafkajs.Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ssl,
    ...(sasl && { sasl: { ...sasl } as SASLOptions }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    // Whatever is wrong comes back as a rejection.
    logLevel: kafkajs.logLevel.NOTHING,
  })
}

/** kafkajs shows its cluster to partition assigners only, so one is asked for by a consumer that never runs. */
export function clusterOf(kafka: kafkajs.Kafka): Cluster {
  let cluster: Cluster | undefined
  kafka.consumer({
    groupId: 'never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (given) => {
        cluster = given.cluster
        const protocol = () => ({ name: 'none', metadata: Buffer.alloc(0) })
        return { name: 'none', version: 0, protocol, assign: async () => [] }
      },
    ],
  })
  return cluster!
}

// Node has it built in: faster than gzip by far, and smaller.
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => compress(buffer, LEVEL),
  decompress: (buffer: Buffer) => decompress(buffer),
})
