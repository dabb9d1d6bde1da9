/** `nocturne witness`: its folder, and its server. */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createWitness, newWitnessKey } from '../../ledger/witness/index.js'
import { readLedgerKey } from './ledger-key.js'
import { openWitnessServer } from '../../witness.js'
import { usageError } from '../command-error.js'
import { writeNewText } from '../local-write.js'

/** @throws CommandError for a folder that exists, or an invalid key */
export async function makeWitness(
  dir: string,
  name: string,
  logs: readonly string[],
): Promise<{ readonly verifierKey: string }> {
  const keys = await Promise.all(logs.map(readLedgerKey))
  const { privateKey, verifierKey } = newWitnessKey(name)
  // Refuses anything it could not serve before writing anything.
  const memory = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() }
  await createWitness({ name, signingKey: privateKey, logs: keys, memory, now: Date.now })
  await mkdir(dir, { mode: 0o700 }).catch(() => {
    throw usageError(
      'the folder of the witness cannot be created',
      'choose a folder that does not exist: a witness without its old key and state is a new witness',
    )
  })
  await writeNewText(join(dir, 'name'), `${name}\n`)
  await writeNewText(join(dir, 'logs'), `${keys.join('\n')}\n`)
  await writeNewText(join(dir, 'witness.vkey'), `${verifierKey}\n`)
  await writeNewText(join(dir, 'witness.pem'), privateKey)
  return { verifierKey }
}

/** @throws CommandError `usage`, NocturneError `file_unreadable` */
export async function serveWitness(
  dir: string,
  listen: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(listen) ?? []
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw usageError('--listen is not HOST:PORT', 'give an address such as 127.0.0.1:8090')
  const server = await openWitnessServer(dir)
  server.listen(Number(port), host.replace(/^\[|\]$/g, ''))
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://${host}:${address.port}`,
    close: async () => {
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}
