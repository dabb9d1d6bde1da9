import type { Command } from 'commander'
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
    .requiredOption('--key <file>', 'your OpenPGP private key, in ASCII armor')
    .option('--passphrase-file <file>', 'file that contains the passphrase of the key')
}

/** @throws CommandError `key_unreadable`, `key_locked`, `file_unreadable` */
export async function readKey(options: KeyOptions, output: Output): Promise<PrivateKey> {
  const [{ readPrivateKey }, { readPassphrase, readSecretText }] = await Promise.all([
    import('../seal/keys/index.js'),
    import('./secret-file.js'),
  ])
  const armored = await readSecretText(options.key, output)
  const passphrase =
    options.passphraseFile === undefined
      ? undefined
      : await readPassphrase(options.passphraseFile, output)
  try {
    return await readPrivateKey(armored, passphrase)
  } catch (error) {
    throw about(options.key, error)
  }
}
