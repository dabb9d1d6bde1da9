import { createPrivateKey, randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../lib/errors.js'
import { readText } from './files.js'
import type { SiteProblem } from './site-config.js'

/** Where a site keeps its secrets: folders with mode 0700, files with mode 0600. */
export const SECRET_FILES = {
  folder: 'secrets',
  /** Ed25519, PKCS #8, PEM. */
  ledger: 'secrets/ledger.pem',
  /** Armored OpenPGP private key. */
  gateway: 'secrets/gateway.asc',
  facilities: 'secrets/facilities',
} as const

/**
 * 32 bytes as base64 text: with it, the same patient gets the same pseudonym from every gateway of
 * the site.
 */
export const facilitySecretFile = (id: string) => `${SECRET_FILES.facilities}/${id}.key`

/**
 * A retired secret: older pseudonyms were derived from it, and the officer's search needs it.
 */
export const retiredSecretFile = (id: string, generation: number) =>
  `${SECRET_FILES.facilities}/${id}.${generation}.retired`

/** The retired secrets of a facility, the oldest first; names below the site's folder. */
export async function retiredSecretFiles(dir: string, id: string): Promise<string[]> {
  const names = new Set(await readdir(join(dir, SECRET_FILES.facilities)).catch(() => []))
  const files: string[] = []
  for (let n = 1; names.has(`${id}.${n}.retired`); n++) files.push(retiredSecretFile(id, n))
  return files
}

const FACILITY_SECRET_BYTES = 32

/** The text of a new facility secret. */
export const newFacilitySecret = () => `${randomBytes(FACILITY_SECRET_BYTES).toString('base64')}\n`

export interface SecretsReading {
  readonly ledgerKey: string | undefined
  readonly gatewayKey: string | undefined
  readonly facilities: ReadonlyMap<string, Buffer>
  readonly retired: ReadonlyMap<string, readonly Buffer[]>
  readonly problems: readonly SiteProblem[]
}

const RESTORE = 'restore it from your backup; for a new site, `nocturne init` creates it'

/** Reads every secret that the site needs. Problems never contain their content. */
export async function readSecrets(
  dir: string,
  facilities: readonly string[],
): Promise<SecretsReading> {
  const problems: SiteProblem[] = []
  for (const folder of [SECRET_FILES.folder, SECRET_FILES.facilities])
    problems.push(...(await checkFolder(dir, folder)))
  // Without the folder, every file is missing too, and reporting each would hide the rest.
  const hasFolder = problems.every(({ problem }) => problem !== NO_FOLDER)
  const read = async (path: string, hint: string, check: (text: string) => string | undefined) =>
    hasFolder ? readSecret(dir, path, hint, check, problems) : undefined

  const ledgerKey = await read(SECRET_FILES.ledger, RESTORE, checkLedgerKey)
  const gatewayKey = await read(SECRET_FILES.gateway, RESTORE, checkGatewayKey)
  const found = new Map<string, Buffer>()
  const retired = new Map<string, readonly Buffer[]>()
  for (const id of facilities) {
    const hint = `run: nocturne secret new ${id} --site ${dir} (on a second gateway, copy the file from the first)`
    const text = await read(facilitySecretFile(id), hint, checkFacilitySecret)
    if (text !== undefined) found.set(id, Buffer.from(text.trim(), 'base64'))
    const before: Buffer[] = []
    for (const file of await retiredSecretFiles(dir, id)) {
      const old = await read(file, RESTORE, checkFacilitySecret)
      if (old !== undefined) before.push(Buffer.from(old.trim(), 'base64'))
    }
    if (before.length > 0) retired.set(id, before)
  }
  return { ledgerKey, gatewayKey, facilities: found, retired, problems }
}

const NO_FOLDER = 'the folder does not exist'

async function checkFolder(dir: string, name: string): Promise<SiteProblem[]> {
  const path = join(dir, name)
  try {
    const { mode } = await stat(path)
    if (process.platform === 'win32' || (mode & 0o077) === 0) return []
    const problem = `is accessible to other users of this machine (mode ${octal(mode)})`
    return [{ path: `${name}/`, problem, hint: `run: chmod 700 ${path}` }]
  } catch (error) {
    const problem = systemCode(error) === 'ENOENT' ? NO_FOLDER : 'the folder cannot be read'
    return [{ path: `${name}/`, problem, hint: RESTORE }]
  }
}

async function readSecret(
  dir: string,
  name: string,
  hint: string,
  check: (text: string) => string | undefined,
  problems: SiteProblem[],
): Promise<string | undefined> {
  const path = join(dir, name)
  const file = await readText(path, name, hint)
  if (file.problem) {
    problems.push({ path: name, ...file.problem })
    return undefined
  }
  if (process.platform !== 'win32' && (file.mode & ~0o600) !== 0)
    problems.push({
      path: name,
      problem: `is accessible to users other than its owner (mode ${octal(file.mode)})`,
      hint: `run: chmod 600 ${path}`,
    })
  const wrong = check(file.text)
  if (wrong === undefined) return file.text
  problems.push({ path: name, problem: wrong, hint })
  return undefined
}

function checkLedgerKey(text: string): string | undefined {
  try {
    if (createPrivateKey({ key: text, format: 'pem' }).asymmetricKeyType === 'ed25519')
      return undefined
  } catch {
    // The reason could quote the key.
  }
  return 'is not an Ed25519 private key (PKCS #8, PEM)'
}

function checkGatewayKey(text: string): string | undefined {
  return text.trimStart().startsWith('-----BEGIN PGP PRIVATE KEY BLOCK-----')
    ? undefined
    : 'is not an armored OpenPGP private key'
}

function checkFacilitySecret(text: string): string | undefined {
  const bytes = Buffer.from(text.trim(), 'base64')
  return bytes.length === FACILITY_SECRET_BYTES && bytes.toString('base64') === text.trim()
    ? undefined
    : `is not ${FACILITY_SECRET_BYTES} bytes as base64`
}

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, '0')
