import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ConsumeProgress } from './roles/consume.ts'

const GAUGES: Readonly<Record<string, readonly [help: string, read: (progress: ConsumeProgress) => number]>> = {
  tributary_consumer_lag: ['Events produced and not yet folded, of this consumer’s partitions', ({ lag }) => lag],
  tributary_event_log_lag: ['Events not yet in the event log, of this consumer’s partitions', ({ logLag }) => logLag],
  tributary_events_folded: ['Events folded since the start', ({ events }) => events],
  tributary_events_refused: ['Events buried in dead-letters since the start', ({ refused }) => refused],
  tributary_events_repeated: ['Events left out since the start, for they had been counted', ({ repeated }) => repeated],
  tributary_events_logged: ['Rows written to the event log since the start', ({ logged }) => logged],
  tributary_stream_time_seconds: ['Greatest event time folded', ({ streamTime }) => streamTime / 1000],
}

export interface ConsumerMetrics {
  readonly url: string
  close(): void
}

/** Shows Prometheus how far a consumer has come, at `/metrics`; its being answered at all says that it is alive. */
export async function serveConsumerMetrics(
  address: { readonly host: string; readonly port: number },
  progress: () => ConsumeProgress,
): Promise<ConsumerMetrics> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const [name, [help, read]] of Object.entries(GAUGES)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(progress()))
      },
    })
  }
  const server = createServer(async ({ url }, response) => {
    if (url !== '/metrics') return response.writeHead(404).end('/metrics is all there is\n')
    return response.setHeader('content-type', registry.contentType).end(await registry.metrics())
  })
  await once(server.listen(address.port, address.host), 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://${address.host}:${port}/metrics`, close: () => server.close() }
}
