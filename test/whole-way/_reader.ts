/**
 * A reader in this process: fetches a transfer, opens it with the reader's key, and compares every
 * digest.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { canonicalJson } from '../../src/lib/json.js'
import { nodeCiphers } from '../../src/seal/index.js'
import { openMessage } from '../../src/seal/open/open.js'
import { openSignedMessage } from '../../src/seal/open/open-signed.js'
import { readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import type { PrivateKey } from '../../src/seal/keys/keys.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'
import type { Answer } from './_http.js'

export interface ManifestItem {
  readonly index: number
  readonly kind: string
  readonly plaintext: { readonly sha256: string; readonly size: number }
}

export interface Opened {
  readonly manifest: {
    readonly transfer: string
    readonly gateway: string
    readonly items: readonly ManifestItem[]
  }
  /** SHA-256 of the manifest's JSON, in hexadecimal. */
  readonly digest: string
  readonly contents: ReadonlyMap<number, Buffer>
}

export interface Reader {
  readonly id: string
  readonly token: string
  readonly key: PrivateKey
}

export async function readerOf(site: TestSite, id = 'reader-1'): Promise<Reader> {
  const key = await readPrivateKey(await readFile(site.keyFile(id), 'utf8'))
  return { id, token: await site.token(id), key }
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/**
 * Claims with nothing but what any OpenPGP program can do: opens the sealed challenge and sends its
 * SHA-256.
 *
 * @returns the response to the second request, or to the first if that is not a challenge.
 */
export async function claim(
  gateway: Pick<RunningGateway, 'url'>,
  reader: Reader,
  id: string,
): Promise<Answer> {
  const path = `/v1/transfers/${id}/claim`
  const asked = await call(gateway, 'POST', path, { token: reader.token })
  if (asked.body.code !== 'claim_unproven') return asked
  const { nonce, sealed } = asked.body.challenge as { nonce: string; sealed: string }
  const answer = sha256(await open(Buffer.from(sealed, 'base64'), reader.key))
  return call(gateway, 'POST', path, { token: reader.token, json: { nonce, answer } })
}

/** @throws Error when an item is missing, cannot be opened, or differs from the manifest. */
export async function openTransfer(
  gateway: Pick<RunningGateway, 'url'>,
  reader: Reader,
  id: string,
  now = new Date(),
): Promise<Opened> {
  const { certificate, formerCertificates } = (await call(gateway, 'GET', '/v1/gateway'))
    .body as unknown as {
    certificate: string
    formerCertificates: { certificate: string; until: string }[]
  }
  const sealed = await fetchSealed(gateway, reader, `/v1/transfers/${id}/manifest`)
  const { content } = await openSignedMessage(
    sealed,
    [reader.key],
    [{ certificate }, ...formerCertificates.map((one) => ({ ...one, until: new Date(one.until) }))],
    now,
  )
  const manifest = JSON.parse(Buffer.from(content).toString()) as Opened['manifest']
  const contents = new Map<number, Buffer>()
  for (const { index, plaintext } of manifest.items) {
    const message = await fetchSealed(gateway, reader, `/v1/transfers/${id}/items/${index}`)
    const bytes = await open(message, reader.key)
    if (sha256(bytes) !== plaintext.sha256 || bytes.length !== plaintext.size) {
      throw new Error(`item ${index} of ${id} is not what the manifest says`)
    }
    contents.set(index, bytes)
  }
  return { manifest, digest: sha256(content), contents }
}

export async function open(message: Uint8Array, key: PrivateKey): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const source = (async function* () {
    yield await Promise.resolve(message)
  })()
  for await (const part of openMessage(source, [key], { ciphers: nodeCiphers })) parts.push(part)
  return Buffer.concat(parts)
}

async function fetchSealed(
  gateway: Pick<RunningGateway, 'url'>,
  { token }: Reader,
  path: string,
): Promise<Buffer> {
  const response = await fetch(gateway.url + path, {
    headers: { Authorization: `Bearer ${token}` },
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200)
    throw new Error(`${response.status} for ${path}: ${bytes.toString()}`)
  return bytes
}

export async function acknowledge(
  gateway: RunningGateway,
  reader: Reader,
  { manifest, digest }: Opened,
): Promise<Answer> {
  const statement = canonicalJson({
    v: 1,
    type: 'nocturne-acknowledgement',
    gateway: manifest.gateway,
    transfer: manifest.transfer,
    manifest: digest,
    items: manifest.items.length,
    reader: reader.id,
    openedAt: new Date().toISOString(),
  })
  return call(gateway, 'POST', `/v1/transfers/${manifest.transfer}/acknowledge`, {
    token: reader.token,
    json: { statement, signature: await signDetached(statement, reader.key, new Date()) },
  })
}
