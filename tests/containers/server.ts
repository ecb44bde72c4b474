import { createServer } from 'node:net'
import type { StartedTestContainer } from 'testcontainers'

// Tests stop what they start: the reaper of Testcontainers would be one more image to pull.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'

/** A server that tests talk to: one that is there already, or a container of their own. */
export interface TestServer {
  /** As the program's setting of the same name takes it. */
  readonly address: string
  /** Kills it and starts it again at the same address; only where `restarts`. */
  restart(): Promise<void>
  /** The same in two steps. */
  takeDown(): Promise<void>
  bringUp(): Promise<void>
  /** Processor time it has taken since it was started; undefined where it is not ours to know. */
  cpuSeconds(): Promise<number | undefined>
  /** A given server is left alone. */
  stop(): Promise<void>
  readonly restarts: boolean
}

/** The images that containers are made of. */
export const IMAGES = {
  KAFKA_BROKERS: process.env.KAFKA_IMAGE ?? 'apache/kafka:4.3.1',
  REDIS_URL: process.env.REDIS_IMAGE ?? 'redis:7',
  CLICKHOUSE_URL: process.env.CLICKHOUSE_IMAGE ?? 'clickhouse/clickhouse-server:26.7',
}

export type Variable = 'KAFKA_BROKERS' | 'REDIS_URL' | 'CLICKHOUSE_URL'

/** The server named in the environment, or what `start` starts. */
export async function given(variable: Variable, start: () => Promise<TestServer>): Promise<TestServer> {
  const address = process.env[variable]
  if (!address) return start()
  const notOurs = () => Promise.reject(new Error(`the server in ${variable} is not ours to restart`))
  return {
    address,
    restarts: false,
    restart: notOurs,
    takeDown: notOurs,
    bringUp: notOurs,
    cpuSeconds: async () => undefined,
    stop: async () => {},
  }
}

/** A container as a server at `address`. */
export function serverIn(container: StartedTestContainer, address: string): TestServer {
  return {
    address,
    restarts: true,
    restart: () => container.restart(),
    // Not the container's own stop, after which it could not be removed any more.
    takeDown: async () => void (await (await engineContainer(container)).stop({ t: 0 })),
    bringUp: () => container.restart(),
    cpuSeconds: async () => {
      const stats = await (await engineContainer(container)).stats({ stream: false, 'one-shot': true })
      return stats.cpu_stats.cpu_usage.total_usage / 1e9
    },
    stop: async () => void (await container.stop()),
  }
}

async function engineContainer(container: StartedTestContainer) {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return (await getContainerRuntimeClient()).container.getById(container.getId())
}

/** Containers get a fixed port, since Kafka has to announce it and a restart would change another one. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
