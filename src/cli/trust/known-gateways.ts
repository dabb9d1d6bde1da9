/**
 * What this machine knows about gateways it has talked to: one small file per address and token
 * file, in the user's state folder. It is trusted as the user's own files are.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import * as z from 'zod/mini'
import { systemCode } from '../../lib/errors.js'
import { CommandError, fileError } from '../command-error.js'
import { writeWholeText } from '../local-write.js'

const known = z.strictObject({
  v: z.literal(1),
  gateway: z.string(),
  ledgerKey: z.string(),
  /** Fingerprints of the keys that sign manifests: the current one, and earlier ones. */
  gatewayKeys: z.array(z.string()),
  /** SHA-256 of the certificates with these keys, so that they need not be parsed every time. */
  certificates: z.array(z.string()),
  /** The newest signed head of the log that was seen. */
  checkpoint: z.optional(z.string()),
})
export type KnownGateway = z.infer<typeof known>

/** `NOCTURNE_STATE`, or where the system keeps a program's state. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { NOCTURNE_STATE: own, XDG_STATE_HOME: xdg, LOCALAPPDATA: windows } = env
  if (own) return own
  const base = xdg ?? (process.platform === 'win32' ? windows : undefined)
  return join(base ?? join(homedir(), '.local', 'state'), 'nocturne')
}

/**
 * The address may be anything that a URL allows; a digest keeps two of them apart. The file with
 * the token is part of it: a token is for one site, so another site at the same address, such as a
 * test site that was made anew, has another file, while a renewed token stays in its place.
 */
export function knownFile(url: string, tokenFile: string): string {
  const { origin, pathname, host } = new URL(url)
  const about = [`${origin}${pathname.replace(/\/+$/, '')}`, resolve(tokenFile)]
  const digest = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 16)
  const readable = host.replace(/[^A-Za-z0-9.-]/g, '_').slice(0, 80)
  return join(stateFolder(), 'gateways', `${readable}-${digest}.json`)
}

/**
 * @throws CommandError `file_unreadable`: a file that was damaged must not look like a first use
 */
export async function readKnown(file: string): Promise<KnownGateway | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(file, error)
  }
  try {
    return z.parse(known, JSON.parse(text))
  } catch (cause) {
    throw new CommandError(`what is known about the gateway cannot be read: ${file}`, {
      code: 'file_unreadable',
      hint: 'compare the keys of the gateway with those that the operator gave you, then delete the file',
      cause,
    })
  }
}

/** Whole or not at all; false if the folder cannot be written. */
export async function writeKnown(file: string, gateway: KnownGateway): Promise<boolean> {
  try {
    await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
    await writeWholeText(file, `${JSON.stringify(gateway, null, 2)}\n`)
    return true
  } catch {
    return false
  }
}
