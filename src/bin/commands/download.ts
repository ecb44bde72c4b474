import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { datasetsFolder } from '../../producers/choose-dataset.ts'
import { DOWNLOADS, download } from '../../producers/download.ts'
import { formatDownload } from '../../producers/progress.ts'
import { stopSignal } from '../stop-signal.ts'
import { openTerminal } from '../terminal.ts'

export function downloadCommand(): Command {
  const sets = Object.entries(DOWNLOADS).map(([name, { about }]) => `  ${name.padEnd(16)} ${about}`)
  return new Command('download')
    .description('fetches a MovieLens data set from GroupLens, checks and unpacks it')
    .argument('<name>', 'which one')
    .option('--home <dir>', 'its sub-folder `datasets` takes it')
    .addHelpText('after', `\nData sets:\n${sets.join('\n')}`)
    .action(async (name, { home }) => {
      const terminal = openTerminal()
      const folder = await download(name, {
        into: datasetsFolder(loadConfig({ home }).home),
        signal: stopSignal(),
        onProgress: (progress) => terminal.status(formatDownload(name, progress)),
      })
      terminal.end()
      console.log(folder)
    })
}
