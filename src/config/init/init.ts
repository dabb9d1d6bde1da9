import { hostname } from 'node:os'
import { chmod, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { NocturneError } from '../../lib/errors.js'
import { syncFolder, writeNew } from '../files.js'
import { place } from '../yaml/placement.js'
import { GATEWAY_NAME_FORM } from '../yaml/fields.js'
import { SECRET_FILES, facilitySecretFile, newFacilitySecret } from '../secrets.js'
import { SITE_FILE } from '../site-file.js'
import { siteYaml } from './template.js'

/** Key generators of the rooms seal and ledger. */
export interface KeyMakers {
  /** Armored private key without passphrase, and its certificate. */
  readonly newKey: (options: { readonly name: string }) => Promise<{
    readonly privateKey: string
    readonly certificate: string
    readonly fingerprint: string
  }>
  /**
   * Ed25519 private key (PKCS #8, PEM), and its signed-note verifier key. `name` is the name of the
   * gateway.
   */
  readonly newLedgerKey: (name: string) => LedgerKey | Promise<LedgerKey>
}

interface LedgerKey {
  readonly privateKey: string
  readonly verifierKey: string
}

export interface InitOptions extends KeyMakers {
  readonly demo: boolean
  /** The gateway's name; if omitted, the machine's name, or `demo.nocturne.example` with `demo`. */
  readonly name?: string
  /**
   * Uses the FIPS profile: sets it in nocturne.yaml; `newKey` must make keys that conform to it.
   */
  readonly fips?: boolean
  /**
   * Runs on the finished site before it is moved into place, so that a failure here leaves nothing
   * behind. The folder still has a temporary name: nothing may keep its path or keep a file open.
   */
  readonly finish?: (dir: string) => Promise<void>
}

export interface InitReport {
  /** Absolute. */
  readonly dir: string
  readonly demo: boolean
  readonly name: string
  /** The ledger's public key, for officers and witnesses to keep. */
  readonly verifierKey: string
  /** Of every key that was made, including `gateway` and `recovery`. */
  readonly keys: readonly { readonly principal: string; readonly fingerprint: string }[]
  /** Absolute path of the private recovery key, which must be removed from this machine. */
  readonly recoveryKey: string
}

const DEMO = {
  name: 'demo.nocturne.example',
  facility: 'facility-a',
  people: ['reader-1', 'officer-1', 'operator-1'],
} as const

/** Demo principals that talk to the gateway and so need a token. */
export const DEMO_PRINCIPALS: readonly string[] = [DEMO.facility, ...DEMO.people]

/** The parts of a site; if any of these exists, no new site is created. */
const TOP_NAMES = [
  SITE_FILE,
  'keys',
  SECRET_FILES.folder,
  'data',
  'recovery-key.asc',
  'demo-keys',
  'demo-tokens',
] as const

/**
 * Creates a site in `dir` atomically. A kill in between leaves a folder whose name begins with
 * `.nocturne-init-` next to or in `dir`, which may be deleted.
 *
 * @throws NocturneError `site_exists` when `dir` contains a site or a part of one, `usage` for a
 * name that no gateway can have, or file system errors.
 */
export async function initSite(dir: string, options: InitOptions): Promise<InitReport> {
  const name = options.name ?? (options.demo ? DEMO.name : machineName())
  if (!GATEWAY_NAME_FORM.test(name)) throw new NocturneError('usage', { subject: '--name' })
  const target = resolve(dir)
  let report: InitReport | undefined
  await place(target, TOP_NAMES, async (folder) => {
    report = { ...(await fill(folder, name, options)), dir: target }
    await options.finish?.(folder)
  })
  if (report === undefined) throw new NocturneError('internal')
  const { recoveryKey } = report
  return { ...report, recoveryKey: join(target, recoveryKey) }
}

async function fill(folder: string, name: string, options: InitOptions): Promise<InitReport> {
  await makeFolder(folder, 'keys', 0o755)
  for (const one of [SECRET_FILES.folder, SECRET_FILES.facilities, 'data'])
    await makeFolder(folder, one, 0o700)
  if (options.demo) await makeFolder(folder, 'demo-keys', 0o700)

  const keys: { principal: string; fingerprint: string }[] = []
  const make = async (principal: string, userId: string, privateFile: string) => {
    const key = await options.newKey({ name: userId })
    await writeNew(join(folder, privateFile), key.privateKey, 0o600)
    await writeNew(join(folder, 'keys', `${principal}.asc`), key.certificate, 0o644)
    keys.push({ principal, fingerprint: key.fingerprint })
  }
  await make('gateway', name, SECRET_FILES.gateway)
  const recoveryKey = options.demo ? 'demo-keys/recovery.asc' : 'recovery-key.asc'
  await make('recovery', `recovery of ${name}`, recoveryKey)
  if (options.demo) {
    for (const principal of DEMO_PRINCIPALS)
      await make(principal, principal, `demo-keys/${principal}.asc`)
    await writeNew(join(folder, facilitySecretFile(DEMO.facility)), newFacilitySecret(), 0o600)
  }
  const ledger = await options.newLedgerKey(name)
  await writeNew(join(folder, SECRET_FILES.ledger), ledger.privateKey, 0o600)
  await writeNew(join(folder, 'keys/ledger.vkey'), `${ledger.verifierKey}\n`, 0o644)
  await writeNew(join(folder, SITE_FILE), siteYaml(name, options), 0o644)
  for (const one of ['keys', SECRET_FILES.folder, SECRET_FILES.facilities])
    await syncFolder(join(folder, one))
  const { verifierKey } = ledger
  return { dir: folder, demo: options.demo, name, verifierKey, keys, recoveryKey }
}

/**
 * Independent of the umask: keys/ is readable by everyone, the other folders only by their owner.
 */
async function makeFolder(folder: string, name: string, mode: 0o700 | 0o755): Promise<void> {
  await mkdir(join(folder, name))
  await chmod(join(folder, name), mode)
}

function machineName(): string {
  const name = hostname().toLowerCase()
  return GATEWAY_NAME_FORM.test(name) ? name : 'nocturne'
}
