import { createServer } from 'node:net'
import { describe } from 'vitest'

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

type Variable = 'KAFKA_BROKERS' | 'REDIS_URL' | 'CLICKHOUSE_URL'

/**
 * `describe` for what needs servers. Where there is neither an address in the environment nor a container engine, it is
 * skipped with a word about it; with TRIBUTARY_REQUIRE_INTEGRATION=1 it runs and fails.
 */
export async function describeWith(servers: readonly Variable[], title: string, body: () => void): Promise<void> {
  const missing = servers.filter((variable) => !process.env[variable])
  if (missing.length === 0) describe(title, body)
  else await describeWithEngine(title, body, `, or give the address of a server in ${missing.join(' and ')}`)
}

/** The same for what no server elsewhere will do for. */
export async function describeWithEngine(title: string, body: () => void, otherwise = ''): Promise<void> {
  if (process.env.TRIBUTARY_REQUIRE_INTEGRATION === '1' || (await hasEngine())) {
    describe(title, body)
    return
  }
  console.warn(`SKIPPED: ${title}. Start Docker${otherwise}.`)
  describe.skip(title, body)
}

/** The server named in the environment, or what `start` starts. */
export async function given(variable: Variable, start: () => Promise<TestServer>): Promise<TestServer> {
  const address = process.env[variable]
  if (!address) return start()
  const restart = () => Promise.reject(new Error(`the server in ${variable} is not ours to restart`))
  return { address, restart, stop: async () => {}, restarts: false }
}

async function hasEngine(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
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
