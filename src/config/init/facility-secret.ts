import { rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { NocturneError, systemCode } from '../../lib/errors.js'
import { readDraft } from '../yaml/draft.js'
import { readText, syncParent, writeNew } from '../files.js'
import {
  facilitySecretFile,
  newFacilitySecret,
  retiredSecretFile,
  retiredSecretFiles,
} from '../secrets.js'
import { EXAMPLE_SITE, SITE_FILE } from '../site-file.js'
import { readYaml } from '../../lib/yaml.js'

/**
 * Makes the secret of a facility that was added to nocturne.yaml after `init`, and returns its
 * path. Other gateways of the same site need a copy of that file: with a different secret they
 * would give every patient a different pseudonym.
 *
 * @throws NocturneError `unknown_principal` when no facility has the ID, `secret_exists`,
 * `file_unreadable`.
 */
export async function addFacilitySecret(dir: string, id: string): Promise<string> {
  const root = resolve(dir)
  await expectFacility(root, id)
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

export interface RotatedSecret {
  readonly file: string
  /** Where the previous secret is kept. */
  readonly retired: string
}

/**
 * Replaces a facility's secret and keeps the previous one. A crash leaves the old secret in use, at
 * worst with an additional copy; gateways use the new secret once they start.
 *
 * @throws NocturneError `unknown_principal`, `file_unreadable`
 */
export async function rotateFacilitySecret(dir: string, id: string): Promise<RotatedSecret> {
  const root = resolve(dir)
  await expectFacility(root, id)
  const name = facilitySecretFile(id)
  const file = join(root, name)
  const before = await readText(file, name, '')
  if (before.problem) throw new NocturneError('file_unreadable', { subject: name })
  try {
    const generation = (await retiredSecretFiles(root, id)).length + 1
    const retired = join(root, retiredSecretFile(id, generation))
    await writeNew(retired, before.text, 0o600)
    await syncParent(retired)
    const next = `${file}.new`
    await rm(next, { force: true })
    await writeNew(next, newFacilitySecret(), 0o600)
    await rename(next, file)
    await syncParent(file)
    return { file, retired }
  } catch (error) {
    throw new NocturneError('file_unreadable', { cause: error, subject: name })
  }
}

async function expectFacility(root: string, id: string): Promise<void> {
  const file = await readText(join(root, SITE_FILE), SITE_FILE, '')
  if (file.problem) throw new NocturneError('file_unreadable', { subject: SITE_FILE })
  const { facilities } = readDraft(readYaml(file.text, SITE_FILE, EXAMPLE_SITE).value)
  // IDs in the draft are well-formed, so the paths of their files stay inside their folder.
  if (!facilities.some((one) => one.id === id)) throw new NocturneError('unknown_principal')
}
