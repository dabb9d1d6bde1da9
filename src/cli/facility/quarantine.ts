/**
 * Items held for my facility: opened on this machine with the facility's key, and decided from
 * here.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quarantineAnswer } from '../../protocol/http/facility.js'
import type { HeldItem } from '../../protocol/http/facility.js'
import { CATALOGUE } from '../../lib/errors.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import { signDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { isWaivable, writeRelease } from '../../protocol/release-statement.js'
import type { ReleaseReason, Waivable } from '../../protocol/release-statement.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import type { UploadAnswer } from '../../protocol/http/transfers.js'
import { parseAnswer } from '../parse-answer.js'
import { GatewayError } from '../client.js'
import type { Body, GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { bodyOf, readBack } from '../reader/download.js'
import { writeNew } from '../local-write.js'
import { mediaTypeOf } from '../../protocol/media-types.js'
import { sniffExtension } from '../../protocol/opened-names.js'
import { streamBody } from '../sender/multipart.js'
import { sendOnce } from '../sender/send-once.js'
import { peek } from '../reader/peek.js'

/** All pages, one item after another. */
export async function* listHeld(
  client: GatewayClient,
  query: { readonly all?: boolean; readonly transfer?: string },
): AsyncGenerator<HeldItem> {
  for (let start: string | undefined, isFirst = true; isFirst || start !== undefined;) {
    isFirst = false
    const given = { limit: '1000', all: String(query.all ?? false) }
    const search = new URLSearchParams({
      ...given,
      ...(query.transfer !== undefined && { transfer: query.transfer }),
      ...(start !== undefined && { start }),
    })
    const answer = await client.json({ path: `/v1/quarantine?${search.toString()}` })
    const page = parseAnswer(quarantineAnswer, answer)
    yield* page.items
    start = page.next
  }
}

export const pathOf = (transfer: string, item: number): string =>
  `/v1/transfers/${transfer}/quarantine/${item}`

/** The original, still sealed. */
export async function fetchHeld(
  client: GatewayClient,
  transfer: string,
  item: number,
): Promise<AsyncIterable<Uint8Array>> {
  return bodyOf(await client.open({ path: pathOf(transfer, item) }))
}

/** The original in clear, as a stream. @throws CommandError `cannot_open` while iterating */
export const openHeld = (
  sealed: AsyncIterable<Uint8Array>,
  key: PrivateKey,
): AsyncIterable<Uint8Array> => openMessage(sealed, [key], { ciphers: nodeCiphers })

export interface ReleaseWork {
  readonly transfer: string
  readonly item: number
  readonly reason: ReleaseReason
  readonly key: PrivateKey
  /** Findings of an earlier attempt, in addition to those that it is held for. */
  readonly also: readonly Waivable[]
  /** Media type of a document, if its content does not reveal it. */
  readonly mediaType: string | undefined
}

/**
 * Signs for the original and sends it again. It is on disk only in sealed form: opened once for its
 * digest, and again while being sent.
 *
 * @throws CommandError `not_found`, `not_waivable`, `cannot_open`, and what the gateway refuses
 */
export async function releaseHeld(client: GatewayClient, work: ReleaseWork): Promise<UploadAnswer> {
  const { transfer, item, reason, key } = work
  const { name } = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const held = await findOne(client, transfer, item)
  const { facility } = held
  const codes = [held.code, ...held.also, ...work.also].filter(isWaivable)
  if (!held.releasable) {
    const refusal = held.state === 'held' ? 'not_waivable' : 'quarantine_not_held'
    const { title, hint } = CATALOGUE[refusal]
    throw new CommandError(title, { code: refusal, hint })
  }
  const folder = await mkdtemp(join(tmpdir(), 'nocturne-'))
  try {
    const file = join(folder, 'sealed.pgp')
    await writeNew(file, await fetchHeld(client, transfer, item))
    const { sha256, size, sniffed } = await measure(openHeld(readBack(file), key))
    const signedAt = new Date().toISOString()
    const about = { gateway: name, facility, transfer, item, codes, reason, sha256, signedAt }
    const statement = writeRelease(about)
    const body = streamBody(
      [
        ['statement', statement],
        ['signature', await signDetached(statement, key, new Date())],
      ],
      [
        {
          mediaType: work.mediaType ?? sniffed,
          size,
          content: () => openHeld(readBack(file), key),
        },
      ],
    )
    return await postRelease(client, `${pathOf(transfer, item)}/release`, body)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function findOne(client: GatewayClient, transfer: string, item: number): Promise<HeldItem> {
  for await (const held of listHeld(client, { all: true, transfer })) {
    if (held.item === item) return held
  }
  throw new CommandError('no such item is in quarantine', {
    code: 'not_found',
    hint: 'list transfers and items with: nocturne quarantine list',
  })
}

export async function measure(content: AsyncIterable<Uint8Array>) {
  const { head, whole } = await peek(content)
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of whole) {
    hash.update(chunk)
    size += chunk.length
  }
  const sniffed = mediaTypeOf(`original.${sniffExtension(head)}`)
  return { sha256: hash.digest('hex'), size, sniffed }
}

/** 422 with items is not an error here: it says why the item did not pass. */
export async function postRelease(
  client: GatewayClient,
  path: string,
  body: Body,
): Promise<UploadAnswer> {
  return sendOnce({ client }, async (key) => {
    const headers = { 'idempotency-key': key }
    try {
      return await client.json({ method: 'POST', path, body, headers })
    } catch (error) {
      if (error instanceof GatewayError && Array.isArray(error.answer.items)) return error.answer
      throw error
    }
  })
}
