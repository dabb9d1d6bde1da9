/** Claims a case and opens its items one after another, for as long as the reader stays in it. */
import type { OverrideReason } from '../../../protocol/case-requests.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import type { Manifest, ManifestItem } from '../../../protocol/manifest.js'
import { itemPaths } from '../../../protocol/opened-names.js'
import { shortfallOf, shortfallText } from '../../../protocol/outcomes.js'
import { KeyError } from '../keys/key-worker-handle.js'
import { factsOf } from '../viewer/facts.js'
import type { InstanceFacts } from '../viewer/facts.js'
import { textsOf } from '../session/problem.js'
import type { Session } from '../session/session.js'

/** Items that are fetched and opened at a time: enough to hide round trips. */
const AT_A_TIME = 4
/** Listeners are told at most this often. */
const TELL_MS = 200
/** Larger items do not fit in a page's memory together with their decoded pixels. */
const MAX_ITEM_BYTES = 1_000_000_000

export interface OpenedInstance {
  readonly item: ManifestItem
  readonly facts: InstanceFacts
  readonly content: Blob
  /** It was sent for comparison: it is not what the report is about. */
  readonly isPrior: boolean
}

export interface OpenedDocument {
  readonly item: Pick<ManifestItem, 'mediaType'>
  readonly name: string
  readonly content: Blob
}

export interface FailedItem {
  readonly transfer: string
  readonly index: number
  readonly why: string
}

/** What has been opened so far; a new object for each change. */
export interface Opened {
  readonly total: number
  readonly done: number
  readonly instances: readonly OpenedInstance[]
  readonly documents: readonly OpenedDocument[]
  readonly failed: readonly FailedItem[]
  /** What the signed manifests say is not there: `2 held, 1 refused`. */
  readonly lacks: readonly string[]
  /** Every item of every transfer was opened, and the gateway has the statement that says so. */
  readonly isAcknowledged: boolean
}

type Added = Pick<OpenedInstance, 'item' | 'isPrior'> & Pick<OpenedDocument, 'name'>

const NOTHING: Opened = {
  total: 0,
  done: 0,
  instances: [],
  documents: [],
  failed: [],
  lacks: [],
  isAcknowledged: false,
}

/** Why a claim is taken from its holder; undefined where nobody holds the case. */
export type TakeOver = OverrideReason | undefined

/** Proves that the key opens the case, and claims it. Nothing is claimed if it does not. */
export async function claim(
  { gateway, keys, about, who }: Session,
  of: Pick<CaseView, 'id'>,
  override: TakeOver,
): Promise<void> {
  const challenge = await gateway.challenge(of.id)
  const manifest = await gateway.manifest(challenge.transfer)
  const { case: id, transfer, nonce, sealed } = challenge
  const proof = await keys.ask({
    do: 'prove',
    gateway: about.name,
    reader: who.principal,
    challenge: { case: id, transfer, nonce, sealed },
    manifest,
  })
  await gateway.claim(of.id, { ...proof, ...(override && { override }) })
}

export class Opening {
  readonly #session: Session
  readonly #case: CaseView
  readonly #ended = new AbortController()
  readonly #listeners = new Set<() => void>()
  #opened = NOTHING
  /** What listeners were last told of. */
  #told = NOTHING
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(session: Session, of: CaseView) {
    this.#session = session
    this.#case = of
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The transfers that it opens. */
  get transfers(): CaseView['transfers'] {
    return this.#case.transfers
  }

  readonly current = (): Opened => this.#told

  /** Stops fetching, and forgets what was opened. */
  end(): void {
    this.#ended.abort()
    clearTimeout(this.#timer)
    this.#opened = NOTHING
    this.#told = NOTHING
  }

  /** @throws KeyError, GatewayRefusal when a manifest cannot be opened */
  async run(): Promise<void> {
    const manifests: Manifest[] = []
    for (const { id } of this.#case.transfers) manifests.push(await this.#manifest(id))
    this.#set({
      total: manifests.reduce((sum, { items }) => sum + items.length, 0),
      lacks: manifests.flatMap(({ outcomes }) => {
        const shortfall = shortfallOf(outcomes)
        return shortfall ? [shortfallText(shortfall)] : []
      }),
    })
    for (const manifest of manifests) await this.#openAll(manifest)
    if (this.#opened.failed.length > 0 || this.#ended.signal.aborted) return
    for (const { transfer } of manifests) await this.#acknowledge(transfer)
    this.#set({ isAcknowledged: true })
  }

  async #manifest(transfer: string): Promise<Manifest> {
    const { gateway, keys, about } = this.#session
    const sealed = await gateway.manifest(transfer, this.#ended.signal)
    const signers = [{ certificate: about.certificate }, ...about.formerCertificates]
    const asked = { do: 'manifest', sealed, transfer, gateway: about.name } as const
    try {
      return (await keys.ask({ ...asked, signers })).manifest
    } catch (error) {
      if (!(error instanceof KeyError) || error.code !== 'manifest_not_signed') throw error
      // An edge may have sealed it: then its key signed, and the manifest says so.
      const { certificate, fingerprint } = await gateway.sealer(transfer)
      const { manifest } = await keys.ask({ ...asked, signers: [{ certificate }] })
      if (manifest.sealedBy?.fingerprint !== fingerprint) throw error
      return manifest
    }
  }

  async #openAll(manifest: Manifest): Promise<void> {
    const names = itemPaths(manifest.items)
    const items = manifest.items.values()
    const work = async () => {
      for (const item of items) {
        if (this.#ended.signal.aborted) return
        await this.#openOne(manifest.transfer, item, names.get(item.index) ?? '')
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
  }

  /** An item that cannot be opened is named; the others are opened all the same. */
  async #openOne(transfer: string, item: ManifestItem, name: string): Promise<void> {
    const { gateway, keys } = this.#session
    const { index } = item
    try {
      if (item.plaintext.size > MAX_ITEM_BYTES) throw new RangeError('too large for a page')
      const message = await gateway.item(transfer, index, this.#ended.signal)
      const asked = { do: 'open', transfer, index, message } as const
      const { content } = await keys.ask(asked, [message.buffer as ArrayBuffer])
      if (this.#ended.signal.aborted) return
      const isPrior = this.#case.transfers.some(
        ({ id, joining }) => id === transfer && joining === 'prior',
      )
      this.#add({ item, name, isPrior }, content)
    } catch (error) {
      if (this.#ended.signal.aborted) return
      const why = error instanceof RangeError ? TOO_LARGE : textsOf(error).title
      const { failed, done } = this.#opened
      this.#set({ failed: [...failed, { transfer, index, why }], done: done + 1 })
    }
  }

  #add({ item, name, isPrior }: Added, bytes: Uint8Array): void {
    const { instances, documents, done } = this.#opened
    const content = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: item.mediaType })
    const facts = item.kind === 'instance' ? factsOf(bytes) : undefined
    this.#set(
      facts?.hasPixels
        ? { instances: [...instances, { item, facts, content, isPrior }], done: done + 1 }
        : { documents: [...documents, { item, name, content }], done: done + 1 },
    )
  }

  /** What was acknowledged before, here or by a colleague, takes no further statement. */
  async #acknowledge(transfer: string): Promise<void> {
    const { gateway, keys, who } = this.#session
    if (await gateway.isAcknowledged(transfer)) return
    const asked = { do: 'acknowledge', transfer, reader: who.principal } as const
    await gateway.acknowledge(transfer, await keys.ask(asked))
  }

  /** Items arrive faster than a screen needs them, so listeners are told several times a second. */
  #set(change: Partial<Opened>): void {
    this.#opened = { ...this.#opened, ...change }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#told = this.#opened
      for (const listener of this.#listeners) listener()
    }, TELL_MS)
  }
}

const TOO_LARGE = 'Larger than 1 GB: fetch it with nocturne pull.'
