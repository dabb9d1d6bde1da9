import type { Command } from 'commander'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions, readKey } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'

interface NoteOptions extends GatewayOptions, KeyOptions {
  readonly text?: string
  readonly json?: boolean
}

export function registerNote(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'note',
    summary: 'show the notes on a case, or add one, sealed to the facility and the group',
    examples: [
      'nocturne case note K7Q-4MD --text note.txt --gateway https://gateway.example.org --token-file facility-a.token --key facility-a.asc',
    ],
  }).argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
  addKeyOptions(addGatewayOptions(command))
    .option('--text <file>', 'what to note, signed by you; without it, the notes are shown')
    .action((name: string, options: NoteOptions) =>
      options.text === undefined
        ? showNotes(cli, name, options)
        : writeNote(cli, name, { ...options, text: options.text }),
    )
}

async function writeNote(
  cli: Cli,
  name: string,
  options: NoteOptions & { readonly text: string },
): Promise<void> {
  const output = cli.output(options)
  const [{ addNote }, { readSmallText }] = await Promise.all([
    import('../../reader/case-notes.js'),
    import('../../secret-file.js'),
  ])
  const text = await readSmallText(options.text)
  const key = await readKey(options, output)
  const answer = await withGateway(options, cli, output, (client) =>
    addNote(client, key, name, text),
  )
  output.json(answer)
  output.print(`noted on ${answer.note.code}`)
}

async function showNotes(cli: Cli, name: string, options: NoteOptions): Promise<void> {
  const output = cli.output(options)
  const { openNotes } = await import('../../reader/case-notes.js')
  const key = await readKey(options, output)
  const notes = await withGateway(options, cli, output, (client) => openNotes(client, key, name))
  output.json({ notes })
  if (notes.length === 0) output.print('no notes')
  for (const { author, notedAt, text } of notes) {
    output.print(`${notedAt} ${author}:`)
    output.printText(text)
  }
}
