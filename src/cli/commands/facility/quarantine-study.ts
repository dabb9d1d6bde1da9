/** Viewing the held items of a study and releasing them, one by one or all together. */
import { Option } from 'commander'
import type { Command } from 'commander'
import type { UploadAnswer } from '../../../protocol/http/transfers.js'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli } from '../../command.js'
import { EXIT, usageError } from '../../command-error.js'
import { count } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import { placeText } from '../../../lib/place.js'
import type { Output } from '../../output.js'
import { RELEASE_REASONS, WAIVABLE } from '../../../protocol/release-statement.js'
import type { ReleaseReason, Waivable } from '../../../protocol/release-statement.js'
import { GATEWAY, TRANSFER, addChoice, onItem } from './quarantine-item.js'
import type { CaseOptions, Common } from './quarantine-item.js'

export function registerView(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'view',
    summary:
      "show a study's held items on one page, opened on this machine with the facility's key",
    examples: [
      `nocturne quarantine view --case ${TRANSFER} ${GATEWAY} --key facility-a.asc --out look`,
    ],
  })
  addChoice(addKeyOptions(addGatewayOptions(command)))
    .requiredOption('--case <case>', 'case code, case ID, or the ID of a transfer', caseName)
    .requiredOption('--out <dir>', 'folder for the page')
    .action(
      async (
        options: Common &
          KeyOptions &
          CaseOptions & { readonly case: string; readonly out: string },
      ) => {
        const output = cli.output(options)
        const [path, study, { contactSheet }, local, keys] = await Promise.all([
          import('node:path'),
          import('../../facility/quarantine-case.js'),
          import('../../facility/contact-sheet.js'),
          import('../../local-write.js'),
          import('../../key-options.js'),
        ])
        const key = await keys.readKey(options, output)
        await local.makeFolder(options.out)
        const file = path.join(options.out, `${options.case}.html`)
        const items = await withGateway(options, cli, output, async (client) => {
          const held = await study.heldOf(client, options.case, options)
          const page = contactSheet(
            `held items of ${options.case}`,
            study.shownOf(client, held, key),
          )
          await local.writeWhole(file, page)
          return held
        })
        output.json({ case: options.case, page: file, items })
        output.print(`${count(items.length, 'item')} on one page: ${file}`)
        output.print('  it may identify the patient: delete it after your decision')
      },
    )
}

interface ReleaseOptions extends Common, KeyOptions, CaseOptions {
  readonly reason: ReleaseReason
  readonly by?: string
  readonly signingKey?: string
  readonly also?: readonly Waivable[]
  readonly mediaType?: string
}

export function registerRelease(group: Command, cli: Cli): void {
  const command = onItem(
    group,
    'release',
    'release items after looking at them: one, or all of a study with one signature',
    '--key facility-a.asc --reason no-identifiers-seen',
    false,
  )
  addChoice(addKeyOptions(command))
    .option(
      '--case <case>',
      'release all held items of this case or transfer as one transfer',
      caseName,
    )
    .option('--by <id>', 'person who looked, if the facility names its people (releasedBy)')
    .option('--signing-key <file>', "that person's private key; --key opens the held items")
    .addOption(
      new Option('--reason <code>', 'why it may be released')
        .choices([...RELEASE_REASONS])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--also <code...>',
        'further findings that a release was refused for and that you have looked at',
      ).choices([...WAIVABLE]),
    )
    .option(
      '--media-type <type>',
      'media type of a document that cannot be recognized by its content',
    )
    .action(
      async (transfer: string | undefined, item: number | undefined, options: ReleaseOptions) => {
        const output = cli.output(options)
        const answer = await release(transfer, item, options, cli, output)
        output.json(answer)
        const stuck = answer.items.filter(({ outcome }) => outcome !== 'accepted')
        const released = answer.items.length - stuck.length
        if (released > 0)
          output.print(`${count(released, 'item')} released, as transfer ${answer.id ?? ''}`)
        if (stuck.length > 0) output.exitCode = EXIT.failed
        for (const { index, code = '', hint, where } of stuck) {
          output.print(`item ${index} is still held: ${code}`)
          if (where) output.print(`  ${placeText(where)}`)
          if (hint !== undefined) output.print(`  hint: ${hint}`)
        }
      },
    )
}

async function release(
  transfer: string | undefined,
  item: number | undefined,
  options: ReleaseOptions,
  cli: Cli,
  output: Output,
): Promise<UploadAnswer> {
  const named = options.case ?? transfer
  if (named === undefined || (options.case === undefined) !== (item !== undefined))
    throw usageError('give either a transfer and an item, or --case', SEE_HELP)
  if ((options.by === undefined) !== (options.signingKey === undefined))
    throw usageError('--by and --signing-key go together', SEE_HELP)
  const [{ releaseHeld }, study, keys] = await Promise.all([
    import('../../facility/quarantine.js'),
    import('../../facility/quarantine-case.js'),
    import('../../key-options.js'),
  ])
  const key = await keys.readKey(options, output)
  const { reason, also = [], mediaType, by, signingKey } = options
  const signer =
    by === undefined || signingKey === undefined
      ? undefined
      : { by, key: await keys.readKey({ key: signingKey }, output) }
  return withGateway(options, cli, output, async (client) => {
    if (item !== undefined && !signer)
      return releaseHeld(client, { transfer: named, item, reason, also, key, mediaType })
    const only = item === undefined ? options.only : [item]
    const items = await study.heldOf(client, named, { only, except: options.except })
    return study.releaseCase(client, { items, reason, key, signer })
  })
}

const SEE_HELP = 'see nocturne quarantine release --help'
