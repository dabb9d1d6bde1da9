/** What is held for a facility: looked at with its key, then released or discarded together. */
import type { DiscardReason } from '../../../../protocol/discard-statement.js'
import { quarantineAnswer, receiptAnswer } from '../../../../protocol/http/facility.js'
import type { HeldItem } from '../../../../protocol/http/facility.js'
import { mediaTypeOf } from '../../../../protocol/media-types.js'
import { sniffExtension } from '../../../../protocol/opened-names.js'
import type { ReleaseReason } from '../../../../protocol/release-statement.js'
import type { OpenedDocument } from '../../read/opening.js'
import type { Series, SeriesInstance } from '../../read/series.js'
import { factsOf, inOrder } from '../../viewer/facts.js'
import type { Session } from '../../session/session.js'
import { sendForm } from '../upload.js'
import type { UploadAnswer } from '../../../../protocol/http/transfers.js'

/** The first page: a facility decides about the oldest first. */
export const heldItems = async ({ gateway }: Session): Promise<readonly HeldItem[]> =>
  (await gateway.get(quarantineAnswer, '/v1/quarantine?limit=1000')).items

export interface OpenedHeld {
  readonly held: HeldItem
  readonly content: Blob
}

/** In memory, one after another. @throws KeyError, GatewayRefusal */
export async function openHeld(
  { gateway, keys }: Session,
  items: readonly HeldItem[],
  onOpened: (count: number) => void,
): Promise<readonly OpenedHeld[]> {
  const opened: OpenedHeld[] = []
  for (const held of items) {
    const { transfer, item } = held
    const sealed = await gateway.bytes(`/v1/transfers/${transfer}/quarantine/${item}`)
    const asked = { do: 'open held', transfer, item, sealed } as const
    const { content } = await keys.ask(asked, [sealed.buffer as ArrayBuffer])
    const type = mediaTypeOf(`original.${sniffExtension(content)}`)
    opened.push({ held, content: new Blob([content as Uint8Array<ArrayBuffer>], { type }) })
    onOpened(opened.length)
  }
  return opened
}

export interface Sorted {
  /** Undefined when nothing of it is an image. */
  readonly series: Series | undefined
  readonly documents: readonly OpenedDocument[]
}

/** Images go into the viewer, one stack of all; anything else is a document. */
export async function sortHeld(opened: readonly OpenedHeld[]): Promise<Sorted> {
  const instances: SeriesInstance[] = []
  const documents: OpenedDocument[] = []
  for (const { held, content } of opened) {
    const facts = factsOf(new Uint8Array(await content.arrayBuffer()))
    if (facts?.hasPixels) instances.push({ item: {}, facts, content })
    else
      documents.push({
        item: { mediaType: content.type },
        name: `item-${held.item}.${sniffedName(content.type)}`,
        content,
      })
  }
  const [first] = instances
  if (!first) return { series: undefined, documents }
  const series = {
    ...{
      uid: 'held',
      number: 0,
      description: 'held for you',
      modality: first.facts.modality,
      isPrior: false,
    },
    instances: inOrder(instances),
    images: instances.reduce((sum, { facts }) => sum + facts.frames, 0),
  }
  return { series, documents }
}

const sniffedName = (type: string): string =>
  ({ 'application/dicom': 'dcm', 'application/pdf': 'pdf' })[type] ?? 'bin'

/**
 * One signature and one new transfer for all of them; the answer says which are still held.
 *
 * @throws KeyError, GatewayRefusal
 */
export async function releaseHeld(
  session: Session,
  opened: readonly OpenedHeld[],
  reason: ReleaseReason,
): Promise<UploadAnswer> {
  const { keys, about } = session
  const [{ held: first } = { held: undefined }] = opened
  const items = opened.map(({ held: { transfer, item, code, also } }) => ({
    ...{ transfer, item, codes: [code, ...also] },
  }))
  const signed = await keys.ask({
    do: 'release held',
    ...{ gateway: about.name, facility: first?.facility ?? '', items, reason },
  })
  const form = () => {
    const data = new FormData()
    data.append('statement', signed.statement)
    data.append('signature', signed.signature)
    for (const [at, { content }] of opened.entries()) data.append('files', content, String(at + 1))
    return data
  }
  const path = `/v1/transfers/${first?.transfer ?? ''}/quarantine/release`
  return sendForm(session, { path, form, onBytes: () => undefined, onWaiting: () => undefined })
}

/** All of them, or none. @throws KeyError, GatewayRefusal */
export async function discardHeld(
  { gateway, keys, about }: Session,
  items: readonly HeldItem[],
  reason: DiscardReason,
) {
  const [first] = items
  const named = items.map(({ transfer, item }) => ({ transfer, item }))
  const signed = await keys.ask({
    do: 'discard held',
    ...{ gateway: about.name, facility: first?.facility ?? '', items: named, reason },
  })
  const path = `/v1/transfers/${first?.transfer ?? ''}/quarantine/discard`
  return gateway.post(receiptAnswer, path, signed)
}
