import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError, usageError } from '../../command-error.js'
import { formatFingerprint } from '../../format.js'
import { readKey } from '../../key-options.js'
import type { Output } from '../../output.js'

interface ConfirmOptions {
  readonly site?: string
  readonly principal?: string
  readonly signature?: string
  readonly statement?: string
  readonly key?: string
  readonly passphraseFile?: string
  readonly out?: string
  readonly json?: boolean
}

export const registerKeyConfirm: Register = (parent, cli) => {
  define(parent, {
    usage: 'confirm',
    summary:
      'put a replacement certificate into effect (a step for its owner and one for the operator)',
    examples: [
      'nocturne key confirm --site /srv/nocturne --principal reader-1 --out statement.txt',
      'nocturne key confirm --statement statement.txt --key reader-1.asc --out statement.sig',
      'nocturne key confirm --site /srv/nocturne --principal reader-1 --signature statement.sig',
    ],
  })
    .option('--site <dir>', "operator: the site's folder")
    .option('--principal <id>', 'operator: principal whose certificate was replaced')
    .option('--signature <file>', "operator: the owner's signature of the statement")
    .option('--statement <file>', 'owner: the statement to sign, from the operator')
    .option('--key <file>', 'owner: the old or the new private key')
    .option('--passphrase-file <file>', 'owner: file that contains the passphrase of the key')
    .option('--out <file>', 'file to write the statement or the signature to')
    .action(async (options: ConfirmOptions) => {
      const output = cli.output(options)
      const { site, principal, statement, key } = options
      if (site !== undefined && principal !== undefined)
        await confirmAtSite({ ...options, site, principal }, output)
      else if (statement !== undefined && key !== undefined)
        await signAsOwner({ ...options, statement, key }, output)
      else
        throw usageError(
          'give --site and --principal, or --statement and --key',
          'operator: give --site and --principal; owner of the key: give --statement and --key',
        )
    })
}

/** Without a signature: shows what is pending and what its owner must sign. */
async function confirmAtSite(
  options: ConfirmOptions & { readonly site: string; readonly principal: string },
  output: Output,
): Promise<void> {
  const { site, principal, signature, out } = options
  const [{ SITE_ACTOR, withRooms }, { readSmallText }, { writeNewText }] = await Promise.all([
    import('../../site/site.js'),
    import('../../secret-file.js'),
    import('../../local-write.js'),
  ])
  if (signature === undefined) {
    const statement = await withRooms(site, ({ certificates }) =>
      certificates.changeStatement(principal),
    )
    if (out !== undefined) await writeNewText(out, `${statement}\n`)
    output.print(statement)
    output.json({ principal, statement })
    return
  }
  const signed = await readSmallText(signature)
  const done = await withRooms(site, ({ certificates }) =>
    certificates.confirm(principal, signed, SITE_ACTOR),
  )
  output.print(`in effect    ${principal}, signed with the ${done.signedWith} key`)
  output.print(`fingerprint  ${formatFingerprint(done.fingerprint)}`)
  output.json({ principal, ...done })
}

/** Signs nothing but such a statement, and only with a key that it names. */
async function signAsOwner(
  options: ConfirmOptions & { readonly statement: string; readonly key: string },
  output: Output,
): Promise<void> {
  const { statement, key: keyFile, passphraseFile, out } = options
  const [{ signDetached }, { readChange, writeChange }, { readSmallText }, { writeNewText }] =
    await Promise.all([
      import('../../../seal/keys/index.js'),
      import('../../../protocol/change-statement.js'),
      import('../../secret-file.js'),
      import('../../local-write.js'),
    ])
  const change = readChange(await readSmallText(statement))
  const key = await readKey(
    { key: keyFile, ...(passphraseFile !== undefined && { passphraseFile }) },
    output,
  )
  if (!change || (key.fingerprint !== change.from && key.fingerprint !== change.to))
    throw new CommandError('this is not a statement about this key', {
      code: 'certificate_not_confirmed',
      hint: 'ask the operator for the statement and sign it with the old or the new key; nothing was signed',
    })
  const signature = await signDetached(writeChange(change), key, new Date())
  if (out !== undefined) await writeNewText(out, signature)
  else output.printText(signature)
  output.print(`from         ${formatFingerprint(change.from)}`)
  output.print(`to           ${formatFingerprint(change.to)}`)
  output.json({ ...change, ...(out === undefined ? { signature } : { file: out }) })
}
