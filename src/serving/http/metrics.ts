import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const LATENCY_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const STAGE_BUCKETS_SECONDS = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]

export type ServingMetrics = ReturnType<typeof createMetrics>

/** What `GET /metrics` shows: the process (event-loop lag included), and what serving does. */
export function createMetrics(registry = new Registry()) {
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'tributary_http_requests_total',
      help: 'Requests answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'tributary_http_request_seconds',
      help: 'From the validated request to its answer',
      labelNames: ['method', 'route'],
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
    stageSeconds: new Histogram({
      name: 'tributary_recommend_stage_seconds',
      help: 'Stages of computing a slate',
      labelNames: ['stage'],
      buckets: STAGE_BUCKETS_SECONDS,
      registers,
    }),
    degradedSlates: new Counter({
      name: 'tributary_degraded_slates_total',
      help: 'Slates served without something, by what was missing',
      labelNames: ['missing'],
      registers,
    }),
    feedback: new Counter({
      name: 'tributary_feedback_total',
      help: 'Interactions taken by POST /feedback: accepted, or failed because the broker did',
      labelNames: ['outcome'],
      registers,
    }),
    impressions: new Counter({
      name: 'tributary_impressions_total',
      help: 'Slates written to the topic impressions: sent, or dropped because the broker failed or fell behind',
      labelNames: ['outcome'],
      registers,
    }),
    predictions: new Counter({
      name: 'tributary_prequential_events_total',
      help: 'Events of the stream sampled just before they were folded: predicted, unpredictable (somebody new, an item met before), or missed because serving was late',
      labelNames: ['outcome'],
      registers,
    }),
    predictionsOf: new Counter({
      name: 'tributary_prequential_predictions_total',
      help: 'Events predicted, by source or ranking stage',
      labelNames: ['system'],
      registers,
    }),
    predictionHits: new Counter({
      name: 'tributary_prequential_hits_total',
      help: 'Events whose item was among the first ten, by source or ranking stage: over predictions it is HR@10',
      labelNames: ['system'],
      registers,
    }),
    /**
     * Adds a gauge whose value is read at every scrape; for what others know, such as lag and freshness.
     * @param read one number, or one per value of `label`
     */
    addGauge(name: string, help: string, read: () => number | Readonly<Record<string, number>>, label = 'name'): void {
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers,
        collect() {
          const value = read()
          if (typeof value === 'number') return this.set(value)
          // What is not named any more is gone.
          this.reset()
          for (const [key, one] of Object.entries(value)) this.set({ [label]: key }, one)
        },
      })
    },
  }
}
