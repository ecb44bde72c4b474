import type { AddressInfo } from 'node:net'
import { Catalogue } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config/config.ts'
import { ItemIndex } from '../../retrieval/online/item-index.ts'
import { OnlineState } from '../../retrieval/online/online-state.ts'
import { createMetrics } from '../../serving/http/metrics.ts'
import { createServer } from '../../serving/http/server.ts'
import { LiveRecommender } from '../../serving/live-recommender.ts'
import { streamClock } from '../../serving/stream-clock.ts'
import { LIVE_GROUP } from '../../state/keys.ts'
import { openBroker, openStateStore } from '../adapters.ts'

export interface Serving {
  /** Without a slash at the end. */
  readonly url: string
  readonly metrics: ReturnType<typeof createMetrics>
  /** Finishes what is in flight. */
  close(): Promise<void>
}

/** Answers HTTP from the online state. */
export async function serve(config: Config, onError: (error: unknown, request: string) => void): Promise<Serving> {
  const broker = await openBroker(config)
  const store = await openStateStore(config)
  const catalogue = new Catalogue()
  await catalogue.follow(broker)
  const online = new OnlineState(store, LIVE_GROUP, new ItemIndex())
  const recommender = new LiveRecommender({ online, catalogue })
  const metrics = createMetrics()
  metrics.addGauge('tributary_stream_time_seconds', 'Greatest event time folded', () => recommender.streamTime / 1000)
  const app = await createServer({
    recommender,
    broker,
    metrics,
    now: streamClock(() => recommender.streamTime),
    limits: { maxInFlight: config.maxInFlight },
    onError,
  })
  await app.listen({ host: config.host, port: config.port })
  const { port } = app.server.address() as AddressInfo
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  return {
    url: `http://${host}:${port}`,
    metrics,
    close: async () => {
      await app.close()
      await catalogue.stop()
      await broker.close()
      await store.close()
    },
  }
}
