// The three servers of the distributed deployment, and what a program must be told to use them.
import { randomUUID } from 'node:crypto'
import { startClickHouse } from './clickhouse.ts'
import { startKafka } from './kafka.ts'
import { startRedis } from './redis.ts'
import type { TestServer, Variable } from './server.ts'

export const START: Readonly<Record<Variable, () => Promise<TestServer>>> = {
  KAFKA_BROKERS: startKafka,
  REDIS_URL: startRedis,
  CLICKHOUSE_URL: startClickHouse,
}

export type Servers = Readonly<Record<Variable, TestServer>>
export const SERVERS = Object.keys(START) as readonly Variable[]

export async function startServers(start: (variable: Variable) => Promise<TestServer> = (one) => START[one]()) {
  const started = await Promise.all(SERVERS.map(async (variable) => [variable, await start(variable)] as const))
  return Object.fromEntries(started) as Servers
}

export async function stopServers(servers: Servers): Promise<void> {
  await Promise.all(Object.values(servers).map((server) => server.stop()))
}

/** Topics, groups, keys and a database that nobody else has. */
export interface OwnNames {
  /** Settings of the program, as environment variables. */
  readonly env: Readonly<Record<string, string>>
  /** Removes the database; topics and keys stay until the servers are stopped. */
  drop(): Promise<void>
}

export async function ownNames(servers: Servers): Promise<OwnNames> {
  const namespace = `run-${randomUUID().slice(0, 8)}`
  const database = namespace.replace('-', '_')
  const url = new URL(servers.CLICKHOUSE_URL.address)
  await command(url, `CREATE DATABASE ${database}`)
  return {
    env: {
      TRIBUTARY_NAMESPACE: namespace,
      KAFKA_BROKERS: servers.KAFKA_BROKERS.address,
      REDIS_URL: servers.REDIS_URL.address,
      CLICKHOUSE_URL: new URL(`/${database}`, url).href,
    },
    drop: () => command(url, `DROP DATABASE ${database}`),
  }
}

async function command({ origin, username, password }: URL, query: string): Promise<void> {
  const user = decodeURIComponent(username) || 'default'
  const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': decodeURIComponent(password) }
  const answer = await fetch(origin, { method: 'POST', headers, body: query })
  if (!answer.ok) throw new Error(`${query}: ${await answer.text()}`)
}
