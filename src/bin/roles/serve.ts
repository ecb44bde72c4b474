import type { AddressInfo } from 'node:net'
import type { Broker } from '../../broker/broker.ts'
import type { Config } from '../../config/config.ts'
import { Freshness, wallClockMs } from '../../serving/freshness.ts'
import { createMetrics } from '../../serving/http/metrics.ts'
import { createServer } from '../../serving/http/server.ts'
import type { Operations, Swap } from '../../serving/operations.ts'
import { Prequential } from '../../serving/prequential.ts'
import { NO_RELEASE } from '../../serving/recommender.ts'
import { streamClock } from '../../serving/stream-clock.ts'
import { openRecommender } from '../open-recommender.ts'
import type { Predictor } from '../prediction-calls.ts'
import { releaseViews } from '../release-views.ts'

export interface Serving {
  /** Without a slash at the end. */
  readonly url: string
  readonly metrics: ReturnType<typeof createMetrics>
  /** For who folds, to ask before it does. */
  readonly predictor: Predictor
  /** What the predictor was told. */
  readonly prequential: Prequential
  /** For who starts something beside it. */
  readonly operations: Operations & { readonly freshness: Freshness }
  /** Finishes what is in flight. */
  close(): Promise<void>
}

export interface ServeListener {
  readonly onError: (error: unknown, request: string) => void
  /** Something to say about releases. */
  readonly onMessage: (message: string) => void
}

/** Answers HTTP from the online state and the release in service. */
export async function serve(config: Config, listener: ServeListener): Promise<Serving> {
  const { onError, onMessage } = listener
  const metrics = createMetrics()
  const swaps: Record<string, number> = { loaded: 0, failed: 0 }
  const timeline: Swap[] = []
  let inService: string = NO_RELEASE
  const open = await openRecommender(config, {
    onSwap: (version, loadingMs) => {
      swaps.loaded!++
      inService = version
      timeline.push({ version, at: Date.now(), loadingMs })
      onMessage(`Release ${version} is in service, loaded in ${Math.round(loadingMs)} ms.`)
    },
    onFailure: (version, error) => {
      swaps.failed!++
      onMessage(`Release ${version} is not taken, ${inService} stays in service: ${describe(error)}`)
    },
  })
  const { recommender, broker } = open
  const freshness = new Freshness({ offsets: open.offsets })
  const operations = { freshness, swaps: timeline, releases: async () => releaseViews(open.releases, inService) }
  const prequential = new Prequential({
    event: (outcome) => metrics.predictions.inc({ outcome }),
    prediction: (system, hit) => {
      metrics.predictionsOf.inc({ system })
      metrics.predictionHits.inc({ system }, hit ? 1 : 0)
    },
  })
  metrics.addGauge('tributary_stream_time_seconds', 'Greatest event time folded', () => recommender.streamTime / 1000)
  metrics.addGauge('tributary_releases', 'Releases announced and loaded, or not', () => swaps, 'outcome')
  metrics.addGauge(
    'tributary_release_in_service',
    '1, by the release in service',
    () => ({ [inService]: 1 }),
    'version',
  )
  const app = await createServer({
    recommender,
    broker: timed(broker, freshness),
    metrics,
    operations,
    now: streamClock(() => recommender.streamTime),
    limits: { maxInFlight: config.maxInFlight },
    featureShare: config.featureShare,
    onError,
  })
  await app.listen({ host: config.host, port: config.port })
  const { port } = app.server.address() as AddressInfo
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  return {
    url: `http://${host}:${port}`,
    metrics,
    operations,
    prequential,
    predictor: {
      predict: ({ userId, itemId, at }) => recommender.predict(userId, itemId, at),
      add: (prediction) => prequential.add(prediction),
    },
    close: async () => {
      await app.close()
      await open.close()
    },
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Every feedback that the broker takes is a sample of freshness. */
function timed(broker: Broker, freshness: Freshness): Pick<Broker, 'produce' | 'read' | 'bounds'> {
  return {
    read: broker.read.bind(broker),
    bounds: broker.bounds.bind(broker),
    produce: async (topic, messages) => {
      const positions = await broker.produce(topic, messages)
      const last = positions.at(-1)
      if (topic === 'feedback' && last) freshness.accepted({ topic, ...last, at: wallClockMs() })
      return positions
    },
  }
}
