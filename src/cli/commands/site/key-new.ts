import { Option } from 'commander'
import { wholeNumber } from '../../arguments.js'
import type { KeyAlgorithm } from '../../../seal/keys/index.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { formatFingerprint } from '../../format.js'

interface KeyNewOptions {
  readonly name: string
  readonly email?: string
  readonly out: string
  readonly passphraseFile?: string
  readonly algorithm?: KeyAlgorithm
  readonly expiresDays?: number
  readonly gnupg?: boolean
  readonly json?: boolean
}

export const registerKeyNew: Register = (parent, cli) => {
  define(parent, {
    usage: 'new',
    summary: 'make an OpenPGP key: a private key and its certificate',
    examples: ['nocturne key new --name reader-1 --out reader-1.asc --expires-days 730'],
  })
    .requiredOption('--name <name>', "name of the key's owner, as others will see it")
    .requiredOption(
      '--out <file>',
      'private key file to write, ending in .asc; the certificate is written next to it as .pub.asc',
    )
    .option('--email <address>', 'e-mail address, as others will see it')
    .option('--passphrase-file <file>', 'file with a passphrase to protect the private key')
    .addOption(
      new Option(
        '--algorithm <name>',
        'default curve25519; a site with keys.fips needs one of the others',
      ).choices(['curve25519', 'nistP256', 'nistP384', 'rsa3072', 'rsa4096']),
    )
    .option(
      '--expires-days <n>',
      'days until the key expires; never if omitted',
      wholeNumber(1, 36_500),
    )
    .option(
      '--gnupg',
      'for an owner who uses GnuPG: what is sealed to the key is in the older format that GnuPG reads',
    )
    .action((options: KeyNewOptions) => makeKey(options, cli))
}

async function makeKey(options: KeyNewOptions, cli: Cli): Promise<void> {
  const output = cli.output(options)
  const { out, name, email, passphraseFile, expiresDays, algorithm } = options
  if (!out.endsWith('.asc') || out.endsWith('.pub.asc')) {
    throw usageError('--out must end in .asc, not .pub.asc', 'give a name like reader-1.asc')
  }
  const certificateFile = out.replace(/\.asc$/, '.pub.asc')
  const [{ newKey }, { checkFree, writeNewText }, { readPassphrase }] = await Promise.all([
    import('../../../seal/keys/index.js'),
    import('../../local-write.js'),
    import('../../secret-file.js'),
  ])
  // If only one of the two names is free, a certificate without its private key, or the
  // reverse, would be left behind.
  for (const path of [out, certificateFile]) await checkFree(path)
  const passphrase =
    passphraseFile === undefined ? undefined : await readPassphrase(passphraseFile, output)
  const { privateKey, certificate, fingerprint } = await newKey({
    name,
    ...(email !== undefined && { email }),
    ...(algorithm !== undefined && { algorithm }),
    ...(expiresDays !== undefined && { expiresInDays: expiresDays }),
    ...(passphrase !== undefined && { passphrase }),
    forGnupg: options.gnupg === true,
  })
  await writeNewText(out, privateKey)
  await writeNewText(certificateFile, certificate)
  output.print(`private key  ${out}`)
  output.print(`certificate  ${certificateFile}`)
  output.print(`fingerprint  ${formatFingerprint(fingerprint)}`)
  if (passphrase === undefined) {
    output.print('the private key has no passphrase: store it where nobody else can read it')
  }
  output.json({ privateKey: out, certificate: certificateFile, fingerprint })
}
