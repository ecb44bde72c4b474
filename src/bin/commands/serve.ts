import { Command } from 'commander'
import { type Config, loadConfig } from '../../config/config.ts'
import { wholeNumber } from '../numbers.ts'
import { aborted } from '../roles/consume.ts'
import { serve } from '../roles/serve.ts'
import { isServerProcess, runServerProcesses, serverProcessSignal, tellListening } from '../server-processes.ts'
import { stopSignal } from '../stop-signal.ts'

export function serveCommand(): Command {
  return new Command('serve')
    .description('answers HTTP from the online state; start more of them behind a load balancer')
    .option('--port <port>', 'to listen on; 0 chooses a free one')
    .option('--host <address>', 'to listen on')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .option('--processes <count>', 'that share the port and the requests, on one machine', wholeNumber(1), 1)
    .action(async ({ processes, ...flags }) => {
      const config = loadConfig(flags)
      if (isServerProcess()) await serveUntil(config, serverProcessSignal(), tellListening)
      else if (processes > 1) await runServerProcesses(processes, stopSignal(), console.log)
      else await serveUntil(config, stopSignal(), console.log)
      process.exit()
    })
}

async function serveUntil(config: Config, signal: AbortSignal, onListening: (url: string) => void): Promise<void> {
  const serving = await serve(config, {
    onError: (error, request) => console.error(`${request}:`, error),
    onMessage: (message) => console.error(message),
  })
  onListening(serving.url)
  await aborted(signal)
  await serving.close()
}
