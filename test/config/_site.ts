import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { surveySite } from '../../src/config/index.js'
import { initSite } from '../../src/config/init/init.js'
import type { SiteRooms } from '../../src/config/load.js'
import type { InitOptions, KeyMakers } from '../../src/config/init/init.js'
import { BUILT_IN_PROFILES, loadProfile } from '../../src/deidentify/rules/profile.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { inspectCertificate } from '../../src/seal/keys/certificate.js'
import { newKey } from '../../src/seal/keys/keys.js'

export const makers: KeyMakers = { newKey, newLedgerKey }

export const rooms: SiteRooms = {
  inspectCertificate: (armored) => inspectCertificate(armored, new Date()),
  /** Certificates that a test makes are valid from the moment at which they are made. */
  get now() {
    return new Date()
  },
  builtInProfiles: BUILT_IN_PROFILES,
  loadProfile,
}

const made: string[] = []

/** A new folder that `removeFolders` takes away. */
export async function newFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-config-'))
  made.push(dir)
  return dir
}

export async function removeFolders(): Promise<void> {
  for (const dir of made.splice(0)) await rm(dir, { recursive: true, force: true })
}

/** A demo site in a folder of its own. */
export async function demoSite(options: Partial<InitOptions> = {}): Promise<string> {
  const dir = join(await newFolder(), 'site')
  await initSite(dir, { demo: true, ...makers, ...options })
  return dir
}

/** Replaces words of a site's nocturne.yaml; fails when they are not there. */
export async function edit(dir: string, ...changes: readonly (readonly [string, string])[]) {
  const path = join(dir, 'nocturne.yaml')
  let text = await readFile(path, 'utf8')
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`nocturne.yaml does not hold ${from}`)
    text = text.replace(from, to)
  }
  await writeFile(path, text)
}

/** The problems of a site, each as `path: problem`. */
export async function problemsOf(dir: string, env: Record<string, string> = {}) {
  const { problems } = await surveySite(dir, env, rooms)
  return problems.map(({ path, problem }) => `${path}: ${problem}`)
}
