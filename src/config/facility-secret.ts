import { join, resolve } from 'node:path'
import { NocturneError, systemCode } from '../lib/errors.js'
import { readDraft } from './draft.js'
import { readText, syncParent, writeNew } from './files.js'
import { facilitySecretFile, newFacilitySecret } from './secrets.js'
import { SITE_FILE } from './site-file.js'
import { readYaml } from './yaml.js'

/**
 * Makes the secret of a facility that was added to nocturne.yaml after `init`, and answers its path. A second
 * gateway of the same site copies that file: with a secret of its own it would give every patient another name.
 *
 * @throws NocturneError `unknown_principal` when no facility has the id, `secret_exists`, `file_unreadable`.
 */
export async function addFacilitySecret(dir: string, id: string): Promise<string> {
  const root = resolve(dir)
  const file = await readText(join(root, SITE_FILE), SITE_FILE, '')
  if (file.problem) throw new NocturneError('file_unreadable', { subject: SITE_FILE })
  const { facilities } = readDraft(readYaml(file.text, SITE_FILE).value)
  // Ids in the draft have their form, so the path below stays in its folder.
  if (!facilities.some((one) => one.id === id)) throw new NocturneError('unknown_principal')
  const path = join(root, facilitySecretFile(id))
  try {
    await writeNew(path, newFacilitySecret(), 0o600)
    await syncParent(path)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new NocturneError('secret_exists', { subject: id })
    throw new NocturneError('file_unreadable', { cause: error, subject: facilitySecretFile(id) })
  }
  return path
}
