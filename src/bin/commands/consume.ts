import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { consume, NOTHING_CONSUMED } from '../roles/consume.ts'
import { stopSignal } from '../stop-signal.ts'
import { openTerminal } from '../terminal.ts'

export function consumeCommand(): Command {
  return new Command('consume')
    .description('folds the topics into online state and event log; start more of them to share the partitions')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .action(async (flags) => {
      const terminal = openTerminal()
      const consumed = { ...NOTHING_CONSUMED }
      await consume({
        config: loadConfig(flags),
        signal: stopSignal(),
        onProgress: (progress) => {
          Object.assign(consumed, progress)
          const { events, lag, logged, logLag, refused } = consumed
          terminal.status(`folded ${events} (lag ${lag})  logged ${logged} (lag ${logLag})  refused ${refused}`)
        },
      })
      terminal.end()
      process.exit()
    })
}
