/** The held items of one study, viewed and decided together. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { picturesOf } from '../../deidentify/blank/index.js'
import { CATALOGUE, NocturneError, concernsItemAlone } from '../../lib/errors.js'
import { rawDeflate } from '../../lib/raw-deflate.js'
import type { GreyPicture } from '../../pixels/index.js'
import { isWaivable, writeReleases } from '../../protocol/release-statement.js'
import type { ReleaseReason } from '../../protocol/release-statement.js'
import { signDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { MOST_DECIDED } from '../../protocol/words.js'
import { caseView } from '../../protocol/http/cases.js'
import { ID_PATTERN } from '../../lib/id-pattern.js'
import { parseAnswer } from '../parse-answer.js'
import type { UploadAnswer } from '../../protocol/http/transfers.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { CommandError, usageError } from '../command-error.js'
import { writeNew } from '../local-write.js'
import { readBack } from '../reader/download.js'
import { streamBody } from '../sender/multipart.js'
import type { StreamedPart } from '../sender/multipart.js'
import type { Shown } from './contact-sheet.js'
import { fetchHeld, listHeld, measure, openHeld, postRelease } from './quarantine.js'
import type { HeldItem } from '../../protocol/http/facility.js'

/** Numbers of items. */
export interface Choice {
  readonly only?: readonly number[] | undefined
  readonly except?: readonly number[] | undefined
}

/**
 * The held items of a case, or of one transfer, that were selected.
 *
 * @param name case code or case ID, or the ID of a transfer.
 * @throws CommandError `not_found` if nothing is held, or for a number that is not held; `usage`
 *   for numbers that may mean items of several transfers
 */
export async function heldOf(
  client: GatewayClient,
  name: string,
  { only, except = [] }: Choice,
): Promise<readonly HeldItem[]> {
  const held: HeldItem[] = []
  const transfers = await transfersOf(client, name)
  for (const transfer of transfers) {
    const items: HeldItem[] = []
    for await (const item of listHeld(client, { transfer })) items.push(item)
    held.push(...items.sort((a, b) => a.item - b.item))
  }
  const isNumbered = only !== undefined || except.length > 0
  if (isNumbered && held.some(({ transfer }) => transfer !== held[0]?.transfer))
    throw usageError(
      'the case has held items in several transfers, each with its own numbers',
      'give the ID of one transfer in place of the case',
    )
  const unknown = [...(only ?? []), ...except].find((one) => !held.some(({ item }) => item === one))
  if (unknown !== undefined)
    throw new CommandError(`item ${String(unknown)} is not held`, {
      code: 'not_found',
      hint: `list the held items with: nocturne quarantine view --case ${name}`,
    })
  const chosen = held.filter(
    ({ item }) => (only === undefined || only.includes(item)) && !except.includes(item),
  )
  if (chosen.length > 0) return chosen
  throw new CommandError('no item of this study is held', {
    code: 'not_found',
    hint: 'list the held items with: nocturne quarantine list',
  })
}

/**
 * The transfers of a case. The ID of a transfer means that transfer alone, in a case or not: if all
 * of its items are held, it has none.
 */
async function transfersOf(client: GatewayClient, name: string): Promise<readonly string[]> {
  try {
    const answer = await client.json({ path: `/v1/cases/${name}` })
    const transfers = parseAnswer(caseView, answer).transfers.map(({ id }) => id)
    return transfers.includes(name) ? [name] : transfers
  } catch (error) {
    const isUnknown = error instanceof GatewayError && error.code === 'not_found'
    if (isUnknown && ID_PATTERN.test(name)) return [name]
    throw error
  }
}

const HEADER_BYTES = 32 * 2 ** 20
const TITLES = new Map(Object.entries(CATALOGUE).map(([code, { title }]) => [code, title]))

/** Opens each item in memory, one after another, and renders its frames. */
export async function* shownOf(
  client: GatewayClient,
  items: readonly HeldItem[],
  key: PrivateKey,
): AsyncGenerator<Shown> {
  for (const { transfer, item, code, also, releasable } of items) {
    const bytes = openHeld(await fetchHeld(client, transfer, item), key)
    yield {
      label: items.some((one) => one.transfer !== transfer)
        ? `${transfer} ${String(item)}`
        : String(item),
      why: [code, ...also].map((one) => TITLES.get(one) ?? one).join('; '),
      isReleasable: releasable,
      pictures: await tryToShow(bytes),
    }
  }
}

/**
 * Items that are not DICOM or cannot be read must be opened individually. Nothing is shown before
 * the message was read to its end, which proves its integrity.
 *
 * @throws CommandError `cannot_open`
 */
async function tryToShow(bytes: AsyncIterable<Uint8Array>): Promise<readonly GreyPicture[]> {
  const source = asBuffers(bytes)
  let pictures: readonly GreyPicture[] = []
  try {
    pictures = await picturesOf(source, { headerBytes: HEADER_BYTES, rawDeflate })
  } catch (error) {
    if (!(error instanceof NocturneError) || !concernsItemAlone(error.code)) throw error
  }
  while ((await source.next()).done !== true);
  return pictures
}

async function* asBuffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const part of bytes) yield Buffer.from(part)
}

export interface CaseRelease {
  readonly items: readonly HeldItem[]
  readonly reason: ReleaseReason
  /** The facility's key, to which held items are sealed. */
  readonly key: PrivateKey
  /** Key of the person who looked, if the facility names its people. */
  readonly signer: { readonly by: string; readonly key: PrivateKey } | undefined
}

/**
 * One statement and one transfer for all items. Originals are on disk only in sealed form: opened
 * once for their digests, and again while being sent.
 *
 * @throws CommandError `not_waivable`, `cannot_open`, and what the gateway refuses
 */
export async function releaseCase(
  client: GatewayClient,
  { items, reason, key, signer }: CaseRelease,
): Promise<UploadAnswer> {
  expectReleasable(items)
  const [first] = items
  const { name } = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const folder = await mkdtemp(join(tmpdir(), 'nocturne-'))
  try {
    const parts: StreamedPart[] = []
    const stated = []
    for (const { transfer, item, code, also } of items) {
      const file = join(folder, `${transfer}-${String(item)}.pgp`)
      await writeNew(file, await fetchHeld(client, transfer, item))
      const { sha256, size, sniffed } = await measure(openHeld(readBack(file), key))
      stated.push({ transfer, item, codes: [code, ...also].filter(isWaivable), sha256 })
      parts.push({ mediaType: sniffed, size, content: () => openHeld(readBack(file), key) })
    }
    const statement = writeReleases({
      gateway: name,
      facility: first?.facility ?? '',
      ...(signer && { by: signer.by }),
      items: stated,
      reason,
      signedAt: new Date().toISOString(),
    })
    const signature = await signDetached(statement, signer?.key ?? key, new Date())
    const fields = [
      ['statement', statement],
      ['signature', signature],
    ] as const
    const path = `/v1/transfers/${first?.transfer ?? ''}/quarantine/release`
    return await postRelease(client, path, streamBody(fields, parts))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function expectReleasable(items: readonly HeldItem[]): void {
  const stuck = items.filter(({ releasable }) => !releasable).map(({ item }) => String(item))
  if (stuck.length > 0)
    throw new CommandError(`some of the items cannot be released: item ${stuck.join(', ')}`, {
      code: 'not_waivable',
      hint: `exclude them with --except ${stuck.join(' ')}`,
    })
  if (items.length > MOST_DECIDED)
    throw new CommandError(`more than ${String(MOST_DECIDED)} items are held`, {
      code: 'too_many_items',
      hint: 'release them in parts with --only 1 2 3',
    })
}
