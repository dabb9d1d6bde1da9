/** A witness as a process: its folder, its memory, and its server. */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { createWitnessServer } from './http/witness-server.js'
import { createWitness } from './ledger/witness/index.js'
import type { Witness, WitnessMemory } from './ledger/witness/index.js'
import { NocturneError, systemCode } from './lib/errors.js'
import { createLogger } from './lib/logger.js'

/**
 * Creates the server, which does not listen yet.
 *
 * @throws NocturneError `file_unreadable` for a folder that is not a witness's; `site_invalid`
 */
export const openWitnessServer = async (dir: string): Promise<Server> =>
  createWitnessServer(await openWitness(dir), createLogger('info'))

/**
 *   DIR/name            the name of the witness and of its key
 *   DIR/witness.pem     Ed25519 private key (PKCS #8), 0600
 *   DIR/witness.vkey    its public key, to hand to the logs
 *   DIR/logs            verifier keys of the logs, one per line
 *   DIR/state/<sha-256 of the origin>   the last checkpoint cosigned
 *
 * @throws NocturneError `file_unreadable` for a folder that is not a witness's; `site_invalid`
 */
export async function openWitness(dir: string): Promise<Witness> {
  const read = (name: string) =>
    readFile(join(dir, name), 'utf8').catch((cause: unknown) => {
      throw new NocturneError('file_unreadable', { cause, subject: name })
    })
  const [name, signingKey, logs] = await Promise.all(['name', 'witness.pem', 'logs'].map(read))
  return createWitness({
    name: name?.trim() ?? '',
    signingKey: signingKey ?? '',
    logs: (logs ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
    memory: witnessMemory(join(dir, 'state')),
    now: Date.now,
  })
}

/**
 * One small file per log, replaced whole: after a crash it is the old or the new one, and the new
 * one before any answer is sent.
 */
export function witnessMemory(folder: string): WitnessMemory {
  const pathOf = (origin: string) => join(folder, createHash('sha256').update(origin).digest('hex'))
  return {
    read: async (origin) => {
      try {
        return await readFile(pathOf(origin), 'utf8')
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined
        throw new NocturneError('file_unreadable', { cause: error })
      }
    },
    write: async (origin, signed) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = pathOf(origin)
      // Requests for the same log are serialized, so one temporary name is enough.
      await writeSynced(`${path}.new`, signed)
      await rename(`${path}.new`, path)
      const handle = await open(folder, 'r')
      await handle.sync().finally(() => handle.close())
    },
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
