// Consumers and a server to measure: in threads of this process, or in processes over servers.
import { openBroker } from '../src/bin/adapters.ts'
import type { ConsumeProgress } from '../src/bin/roles/consume.ts'
import { serve } from '../src/bin/roles/serve.ts'
import { startConsumers } from '../src/bin/threads.ts'
import type { Broker } from '../src/broker/broker.ts'
import type { Config } from '../src/config/config.ts'
import { ownNames, startServers, stopServers } from '../tests/containers/servers.ts'
import { Deployment } from '../tests/deployment.ts'
import { until } from './benchmark.ts'

export interface Parts extends AsyncDisposable {
  readonly broker: Broker
  /** Resolves when so many events are in state and event log. */
  caughtUp(events: number): Promise<void>
  stopConsuming(): Promise<void>
  /** What another process must be told to join in. */
  readonly env: Readonly<Record<string, string>>
  redisCpuSeconds(): Promise<number | undefined>
  /** Starts the server and answers its address. */
  serve(): Promise<string>
}

export async function startEmbedded(given: Config): Promise<Parts> {
  const config = { ...given, port: 0 }
  let progress: ConsumeProgress | undefined
  const consumers = startConsumers(config, (consumed) => {
    progress = consumed
  })
  const broker = await openBroker(config)
  let serving: Awaited<ReturnType<typeof serve>> | undefined
  return {
    broker,
    env: {},
    redisCpuSeconds: async () => undefined,
    stopConsuming: () => consumers.stop(),
    caughtUp: (events) => until(() => (progress?.events ?? 0) >= events && progress?.logLag === 0),
    serve: async () => {
      serving = await serve(config, {
        onError: (error) => {
          throw error
        },
        onMessage: () => {},
      })
      return serving.url
    },
    async [Symbol.asyncDispose]() {
      await serving?.close()
      await consumers.stop()
      await broker.close()
    },
  }
}

/** One consumer and one server, each a process. */
export async function startDistributed({ home }: Config): Promise<Parts> {
  const servers = await startServers()
  const names = await ownNames(servers)
  const deployment = await Deployment.open({ home, data: '', env: names.env })
  deployment.start('consume')
  const broker = await openBroker(deployment.config)
  return {
    broker,
    env: names.env,
    redisCpuSeconds: () => servers.REDIS_URL.cpuSeconds(),
    stopConsuming: async () => void (await deployment.kill(['consume'], 'SIGTERM')),
    caughtUp: () => deployment.caughtUp(),
    serve: async () => (await deployment.start('serve').printed(/http:\S+/))[0],
    async [Symbol.asyncDispose]() {
      await broker.close()
      await deployment[Symbol.asyncDispose]()
      await names.drop()
      await stopServers(servers)
    },
  }
}
