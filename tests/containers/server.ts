import { createServer } from 'node:net'
import { describe } from 'vitest'

// Tests stop what they start: the reaper of Testcontainers would be one more image to pull.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'

/** A server that tests talk to: one that is there already, or a container of their own. */
export interface TestServer {
  /** As the program's setting of the same name takes it. */
  readonly address: string
  /** Ends it and starts it again at the same address; only where `restarts`. */
  restart(): Promise<void>
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

type Variable = 'KAFKA_BROKERS' | 'REDIS_URL' | 'CLICKHOUSE_URL'

/**
 * `describe` for what needs servers. Where there is neither an address in the environment nor a container engine, it is
 * skipped with a word about it; with TRIBUTARY_REQUIRE_INTEGRATION=1 it runs and fails.
 */
export async function describeWith(servers: readonly Variable[], title: string, body: () => void): Promise<void> {
  const missing = servers.filter((variable) => !process.env[variable])
  if (missing.length === 0) describe(title, body)
  else await describeWithEngine(title, missing, body, `, or give the address of a server in ${missing.join(' and ')}`)
}

/** The same for what no server elsewhere will do for. */
export async function describeWithEngine(
  title: string,
  servers: readonly Variable[],
  body: () => void,
  otherwise = '',
): Promise<void> {
  const why = process.env.TRIBUTARY_REQUIRE_INTEGRATION === '1' ? undefined : await whyNot(servers)
  if (why === undefined) {
    describe(title, body)
    return
  }
  console.warn(`SKIPPED: ${title}. ${why}${otherwise}.`)
  describe.skip(title, body)
}

/** The server named in the environment, or what `start` starts. */
export async function given(variable: Variable, start: () => Promise<TestServer>): Promise<TestServer> {
  const address = process.env[variable]
  if (!address) return start()
  const restart = () => Promise.reject(new Error(`the server in ${variable} is not ours to restart`))
  return { address, restart, stop: async () => {}, restarts: false }
}

/** What is missing for containers of these servers, as a sentence without its end; undefined where nothing is. */
async function whyNot(servers: readonly Variable[]): Promise<string | undefined> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers')
  const engine = await getContainerRuntimeClient().catch(() => undefined)
  if (!engine) return 'Start Docker'
  for (const server of servers) {
    const image = ImageName.fromString(IMAGES[server])
    if (await engine.image.exists(image)) continue
    const pulled = await engine.image.pull(image).then(
      () => true,
      () => false,
    )
    if (!pulled) return `${image.string} cannot be pulled: name another image in ${server.split('_')[0]}_IMAGE`
  }
  return undefined
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
