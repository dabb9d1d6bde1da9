/** `pull --serve`: the options, and what the watch over the inbox needs for it. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { collect, portNumber, wholeNumber } from '../../arguments.js'
import { CommandError } from '../../command-error.js'
import type { GatewayClient } from '../../client.js'
import type { Output } from '../../output.js'
import type { Shelf } from '../../reader/opened/shelf.js'

export interface ServeOptions {
  readonly serve?: number
  readonly allowOrigin?: readonly string[]
  readonly keep?: number
}

export function addServeOptions(command: Command): Command {
  return command
    .option(
      '--serve <port>',
      'offer the opened studies to viewers on this machine by QIDO-RS and WADO-RS until stopped, sealed on the disk with keys that only this process has',
      portNumber,
    )
    .option(
      '--allow-origin <origin>',
      'origin of a page that may ask, such as http://localhost:3000; repeat the option for more',
      (text: string, before?: readonly string[]) => collect(originOf(text), before),
    )
    .option(
      '--keep <hours>',
      'with --watch or --serve: remove an opened study after this time, and when its case is closed (--serve: 12)',
      wholeNumber(1, 8_760),
    )
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.origin === text) return text
  throw new InvalidArgumentError('give an origin without path, such as http://localhost:3000')
}

const HOUR_MS = 3_600_000
const DEFAULT_HOURS = 12

export interface Serving {
  /** Where pulls keep what is no plaintext: manifests and receipts. */
  readonly out: string
  readonly shelf: Shelf
  /** Transfers to open now, of these that wait in the inbox and of the reader's open cases. */
  targets(client: GatewayClient, inbox: readonly string[]): Promise<readonly string[]>
  opened(transfer: string): void
  close(): Promise<void>
}

/** @throws CommandError `address_in_use`, and errors of the disk */
export async function startServing(
  { out, ...options }: ServeOptions & { readonly out: string },
  port: number,
  output: Output,
): Promise<Serving> {
  const [{ Library }, { SealedFiles }, { serveStudies }, { servingFolder, wipeServing }] =
    await Promise.all([
      import('../../reader/serving/library.js'),
      import('../../reader/serving/sealed-files.js'),
      import('../../reader/serving/server.js'),
      import('../../reader/opened/wipe.js'),
    ])
  const { mineOf } = await import('../../reader/opened/mine.js')
  // What a process that was killed left behind: nobody has its keys.
  await wipeServing(out, false)
  const folder = servingFolder(out)
  const files = await SealedFiles.in(folder)
  const library = new Library(files, Date.now)
  const server = await serveStudies(library, { port, origins: options.allowOrigin ?? [] }).catch(
    async (cause: unknown) => {
      await files.close()
      throw new CommandError(`port ${port} of this machine cannot be used`, {
        code: 'address_in_use',
        hint: 'give another port with --serve, or 0 for any',
        cause,
      })
    },
  )
  output.print(`serving ${server.url}`)
  output.print(`token ${server.token}`)
  const known = new Set<string>()
  const keepMs = (options.keep ?? DEFAULT_HOURS) * HOUR_MS
  return {
    out: folder,
    shelf: library,
    targets: async (client, inbox) => {
      for (const transfer of library.olderThan(keepMs)) {
        await library.remove(transfer)
        output.print(`${transfer}: its time is over; removed`)
      }
      const { claimed, mayStay } = await mineOf(client)
      for (const transfer of library.transfers) {
        if (mayStay.has(transfer)) continue
        await library.remove(transfer)
        // Its case may come back to this reader.
        known.delete(transfer)
        output.print(`${transfer}: its case is closed or read by somebody else; removed`)
      }
      return [...new Set([...inbox, ...claimed])].filter((id) => !known.has(id))
    },
    opened: (transfer) => void known.add(transfer),
    close: async () => {
      await server.close()
      await files.close()
    },
  }
}
