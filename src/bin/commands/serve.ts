import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { aborted } from '../roles/consume.ts'
import { serve } from '../roles/serve.ts'
import { stopSignal } from '../stop-signal.ts'

export function serveCommand(): Command {
  return new Command('serve')
    .description('answers HTTP from the online state; start more of them behind a load balancer')
    .option('--port <port>', 'to listen on; 0 chooses a free one')
    .option('--host <address>', 'to listen on')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .action(async (flags) => {
      const serving = await serve(loadConfig(flags), {
        onError: (error, request) => console.error(`${request}:`, error),
        onMessage: (message) => console.error(message),
      })
      console.log(serving.url)
      await aborted(stopSignal())
      await serving.close()
      process.exit()
    })
}
