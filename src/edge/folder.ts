/**
 * The folder of an edge. Its key signs what it seals; its secret, which no gateway has, makes the
 * pseudonyms; its database and objects hold crosswalks, quarantine, and what waits to be forwarded.
 */
import { mkdir, open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { KeyMakers } from '../config/init/index.js'
import { NocturneError } from '../lib/errors.js'
import { EDGE_FILE, settingsText } from './settings.js'
import type { NewSettings } from './settings.js'

export interface NewEdge {
  /** Absolute path of the certificate that the operator of the gateway registers. */
  readonly certificate: string
  readonly fingerprint: string
}

export const isEdge = (dir: string): Promise<boolean> =>
  stat(join(dir, EDGE_FILE)).then(
    () => true,
    () => false,
  )

/**
 * Creates the folder. `edge.yaml` is written last: without it, the folder is not an edge, and the
 * command can be repeated in another one.
 *
 * @throws NocturneError `site_exists` when the folder has a part of an edge; file system errors
 */
export async function newEdge(
  dir: string,
  settings: NewSettings,
  { newKey, newLedgerKey }: KeyMakers,
): Promise<NewEdge> {
  const root = resolve(dir)
  await mkdir(root, { recursive: true, mode: 0o700 })
  try {
    for (const [name, mode] of FOLDERS) await mkdir(join(root, name), { mode })
  } catch (cause) {
    throw new NocturneError('site_exists', { cause })
  }
  const key = await newKey({ name: 'edge' })
  const ledger = await newLedgerKey('edge')
  const certificate = join(root, 'keys', 'gateway.asc')
  await write(join(root, 'secrets', 'gateway.asc'), key.privateKey, 0o600)
  await write(join(root, 'secrets', 'ledger.pem'), ledger.privateKey, 0o600)
  await write(certificate, key.certificate, 0o644)
  await write(join(root, EDGE_FILE), settingsText(settings), 0o600)
  return { certificate, fingerprint: key.fingerprint }
}

const FOLDERS = [
  ['keys', 0o755],
  ['secrets', 0o700],
  ['secrets/facilities', 0o700],
  ['data', 0o700],
] as const

async function write(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
