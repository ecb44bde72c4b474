import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { serveConsumerMetrics } from '../consumer-metrics.ts'
import { consume, NOTHING_CONSUMED } from '../roles/consume.ts'
import { stopSignal } from '../stop-signal.ts'
import { openTerminal } from '../terminal.ts'

export function consumeCommand(): Command {
  return new Command('consume')
    .description('folds the topics into online state and event log; start more of them to share the partitions')
    .option('--metrics-port <port>', 'where to show /metrics, for Prometheus; 0 chooses a free one')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .action(async (flags) => {
      const terminal = openTerminal()
      const config = loadConfig(flags)
      const consumed = { ...NOTHING_CONSUMED }
      const { host, metricsPort: port } = config
      const metrics = port === undefined ? undefined : await serveConsumerMetrics({ host, port }, () => consumed)
      if (metrics) terminal.line(metrics.url)
      await consume({
        config,
        signal: stopSignal(),
        onProgress: (progress) => {
          Object.assign(consumed, progress)
          const { events, lag, logged, logLag, refused } = consumed
          terminal.status(`folded ${events} (lag ${lag})  logged ${logged} (lag ${logLag})  refused ${refused}`)
        },
      })
      metrics?.close()
      terminal.end()
      process.exit()
    })
}
