import { Option } from 'commander'
import { caseName, wholeNumber } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { addGatewayOptions } from '../../gateway-options.js'
import { PRIORITIES } from '../../../protocol/priority.js'
import { SKIPS_LINKS, sendPaths, show } from './send-files.js'
import type { SendCommandOptions } from './send-files.js'

/**
 * Exit status 0 when every file was accepted or had been sent before; 3 when some were held,
 * refused or left out; 1 when neither the readers nor the facility received any.
 */
export const registerSend: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'send <path...>',
    summary: 'send files, folders and ZIPs as one transfer',
    examples: [
      'nocturne send ct-head/ requisition.pdf --gateway https://gateway.example.org --token-file ct-1.token --group nights --priority stat',
    ],
  })
  addGatewayOptions(command)
    .option('--group <id>', 'reading group; may be omitted if your facility has only one')
    .addOption(
      new Option('--priority <priority>', 'how soon the study must be read').choices(PRIORITIES),
    )
    .option('--case <case>', 'case that these late images or documents belong to', caseName)
    .option('--skip-links', SKIPS_LINKS)
    .option('--again', 'create a new case even if the same files were sent before')
    .option('--watch', 'for a folder that is still being written: send it once nothing changes')
    .option(
      '--each',
      'with --watch: send each subfolder as a study of its own once it is quiet, until stopped',
    )
    .option(
      '--quiet <seconds>',
      'with --watch: how long nothing must change',
      wholeNumber(1, 3_600),
      30,
    )
    .option('--from-dicomdir', 'send what the DICOMDIR of a medium names, each study by itself')
    .option(
      '--seal-here',
      'de-identify and seal on this machine: the gateway gets only what it cannot open',
    )
    .option('--site <dir>', 'with --seal-here: folder of the edge, made the first time')
    .action(async (paths: string[], options: SendCommandOptions) => {
      const output = cli.output(options)
      checkOptions(options)
      if (options.sealHere === true)
        await (await import('./send-sealed.js')).sendSealed(cli, output, paths, options)
      else if (options.watch === true)
        await (await import('./send-watch.js')).sendWatched(cli, output, paths, options)
      else if (options.fromDicomdir === true)
        await (await import('./send-media.js')).sendMedia(cli, output, paths, options)
      else show(output, await sendPaths(cli, output, paths, options), true)
    })
}

function checkOptions(options: SendCommandOptions): void {
  const { watch, each, fromDicomdir, case: joined, sealHere, site } = options
  if (sealHere === true && (watch === true || fromDicomdir === true || joined !== undefined))
    throw usageError(
      '--seal-here seals one study at a time',
      'omit --watch, --from-dicomdir and --case, or send without --seal-here',
    )
  if (site !== undefined && sealHere !== true)
    throw usageError('--site belongs to --seal-here', 'add --seal-here, or omit --site')
  if (watch === true && fromDicomdir === true)
    throw usageError('a medium does not change', 'give --watch or --from-dicomdir, not both')
  if (each === true && watch !== true)
    throw usageError('--each belongs to --watch', 'add --watch, or omit --each')
  if (joined !== undefined && (each === true || fromDicomdir === true))
    throw usageError('several studies cannot join one case', 'omit --case, or send them one by one')
}
