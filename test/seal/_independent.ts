/**
 * A reader that shares no code with ours: forty lines of Python on python3-cryptography, written
 * from the room's README alone.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readPrivateKey } from 'openpgp'

export const INDEPENDENT_READER = fileURLToPath(new URL('reader/open_transfer.py', import.meta.url))

const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import cryptography']).status === 0,
)

/** Why it cannot run here; undefined when it can. */
export const independentMissing =
  python === undefined ? 'python3-cryptography is not installed' : undefined

/** Opens every item listed in a dumped folder into `out`, each under its number. */
export async function openIndependently(
  folder: string,
  armoredKey: string,
  recipient: string,
  out: string,
): Promise<void> {
  await mkdir(out)
  const secret = join(out, 'secret.json')
  await writeFile(secret, await secretOf(armoredKey))
  const { status, stderr } = spawnSync(python ?? '', [
    ...[INDEPENDENT_READER, folder, secret, out, recipient],
  ])
  if (status !== 0) throw new Error(`the independent reader failed: ${stderr.toString()}`)
}

/**
 * The X25519 subkey in the form that the reader takes: scalar, and the parameters of RFC 9580
 * section 11.5.
 */
async function secretOf(armoredKey: string): Promise<string> {
  const key = await readPrivateKey({ armoredKey })
  const [subkey] = key.subkeys
  const { publicParams, privateParams } = subkey!.keyPacket as unknown as {
    publicParams: { oid: { write(): Uint8Array }; kdfParams: { hash: number; cipher: number } }
    privateParams: { d: Uint8Array }
  }
  const { hash, cipher } = publicParams.kdfParams
  const fingerprint = subkey!.getFingerprint()
  const parameters = Buffer.concat([
    publicParams.oid.write(),
    Buffer.of(18, 3, 1, hash, cipher),
    Buffer.from('Anonymous Sender    '),
    Buffer.from(fingerprint, 'hex'),
  ])
  return JSON.stringify({
    fingerprint,
    scalar: Buffer.from(privateParams.d).reverse().toString('hex'),
    hash: { 8: 'sha256', 9: 'sha384', 10: 'sha512' }[hash],
    keyBytes: { 7: 16, 8: 24, 9: 32 }[cipher],
    parameters: parameters.toString('hex'),
  })
}
