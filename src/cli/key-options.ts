import type { Command } from 'commander'
import { NocturneError } from '../lib/errors.js'
import type { PrivateKey } from '../seal/keys/index.js'
import { about } from './command-error.js'
import type { Output } from './output.js'

export interface KeyOptions {
  readonly key: string
  readonly passphraseFile?: string
}

/**
 * `--key` and `--passphrase-file`. A passphrase on the command line would be visible to everyone on
 * the machine.
 */
export function addKeyOptions(command: Command): Command {
  return command
    .requiredOption('--key <file>', 'your OpenPGP private key, binary or in ASCII armor')
    .option(
      '--passphrase-file <file>',
      'file that contains the passphrase of the key; without it, a terminal is asked',
    )
}

/**
 * A passphrase that is needed and not given is asked for on the terminal, where there is one.
 *
 * @throws CommandError `key_unreadable` and the other codes of `readPrivateKey`, `file_unreadable`
 */
export async function readKey(options: KeyOptions, output: Output): Promise<PrivateKey> {
  const [{ readPrivateKey }, { readPassphrase, readSecretBytes }] = await Promise.all([
    import('../seal/keys/index.js'),
    import('./secret-file.js'),
  ])
  const bytes = await readSecretBytes(options.key, output)
  const passphrase =
    options.passphraseFile === undefined
      ? undefined
      : await readPassphrase(options.passphraseFile, output)
  try {
    return await readPrivateKey(bytes, passphrase)
  } catch (error) {
    const isMissing = error instanceof NocturneError && error.code === 'key_locked'
    if (!isMissing || !process.stdin.isTTY) throw about(options.key, error)
  }
  const { askSecret } = await import('./ask-secret.js')
  const asked = await askSecret(`passphrase of ${options.key}: `, process.stdin, process.stderr)
  return readPrivateKey(bytes, asked).catch((error: unknown) => {
    throw about(options.key, error)
  })
}
