import { basename, join } from 'node:path'
import type { Recipient } from '../../../seal/keys/index.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface SealOptions {
  readonly to: readonly string[]
  readonly out: string
  readonly json?: boolean
}

export const registerSeal: Register = (parent, cli) => {
  define(parent, {
    usage: 'seal <file...>',
    summary: 'seal files to certificates, without a gateway',
    examples: ['nocturne seal report.pdf --to reader-1.pub.asc recovery.pub.asc --out sealed'],
  })
    .requiredOption('--to <cert...>', 'certificates to seal to; each of them can open the files')
    .requiredOption(
      '--out <dir>',
      'folder for the sealed files, each named like its source plus .pgp',
    )
    .action(async (files: string[], options: SealOptions) => {
      const output = cli.output(options)
      const [
        { newEnvelope },
        { toRecipient },
        { makeFolder },
        { writeSealed },
        { readBlocks },
        { readSmallText },
      ] = await Promise.all([
        import('../../../seal/index.js'),
        import('../../../seal/keys/index.js'),
        import('../../local-write.js'),
        import('../../sealed-write.js'),
        import('../../reader/message-file.js'),
        import('../../secret-file.js'),
      ])
      const recipients: Recipient[] = []
      for (const path of options.to) {
        // The path serves as the recipient's name, which errors mention.
        recipients.push(await toRecipient(path, await readSmallText(path), new Date()))
      }
      await makeFolder(options.out)
      const sealed: { file: string; sealed: string }[] = []
      for (const file of files) {
        cli.signal.throwIfAborted()
        const target = join(options.out, `${basename(file)}.pgp`)
        // One session key per file, so that parts of two files cannot be combined by accident.
        const envelope = await newEnvelope(recipients, new Date())
        const sealedFile = envelope.seal(readBlocks(file), { isMeasured: false, isMessage: true })
        envelope.close()
        await writeSealed(target, sealedFile)
        output.print(`${file} -> ${target}`)
        sealed.push({ file, sealed: target })
      }
      output.json({ files: sealed, recipients: recipients.map(({ fingerprint }) => fingerprint) })
    })
}
