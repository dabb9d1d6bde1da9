import { CommandError } from '../command-error.js'
import { readSmallText } from '../secret-file.js'

/** `NAME+HASH+KEY` (C2SP signed-note), given directly or in a file. @throws CommandError */
export async function readLedgerKey(keyOrFile: string): Promise<string> {
  const form = /^[^\s+]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,500}$/
  if (form.test(keyOrFile)) return keyOrFile
  const text = (await readSmallText(keyOrFile)).trim()
  if (form.test(text)) return text
  throw new CommandError(`the file does not contain a ledger key: ${keyOrFile}`, {
    code: 'ledger_key_unreadable',
    hint: 'give keys/ledger.vkey of the site, or the key that its operator gave you',
  })
}
