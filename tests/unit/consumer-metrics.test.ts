import { expect, it } from 'vitest'
import { serveConsumerMetrics } from '../../src/bin/consumer-metrics.ts'
import { NOTHING_CONSUMED } from '../../src/bin/roles/consume.ts'

it('shows the lag as it is at each look, and nothing but metrics', async () => {
  let lag = 5
  const metrics = await serveConsumerMetrics({ host: '127.0.0.1', port: 0 }, () => ({ ...NOTHING_CONSUMED, lag }))
  try {
    const text = async () => (await fetch(metrics.url)).text()
    expect(await text()).toMatch(/^tributary_consumer_lag 5$/m)
    lag = 0
    expect(await text()).toMatch(/^tributary_consumer_lag 0$/m)
    expect(await text()).toMatch(/^tributary_event_log_lag 0$/m)
    expect((await fetch(new URL('/', metrics.url))).status).toBe(404)
  } finally {
    metrics.close()
  }
})
