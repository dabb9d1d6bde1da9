/** What the worker does with the private key. */
import { bytesOfBase64 } from '../../../lib/bytes.js'
import { sha256Of } from '../../../protocol/signed.js'
import { NocturneError } from '../../../lib/errors.js'
import { writeAcknowledgement } from '../../../protocol/acknowledgement.js'
import { claimStatement, sealedClaimText } from '../../../protocol/claim.js'
import { readManifest } from '../../../protocol/manifest.js'
import type { Manifest } from '../../../protocol/manifest.js'
import { aboutStudies } from '../../../protocol/report.js'
import type { ReportDocument } from '../../../protocol/report.js'
import { shortfallOf } from '../../../protocol/outcomes.js'
import { readChallenge } from '../../../protocol/sign-in-challenge.js'
import {
  canProveOpening,
  newKey,
  openMessage,
  openSignedMessage,
  own,
  proveOpeningWeb,
  readPrivateKey,
  signDetached,
  webCiphers,
} from '../../../seal/browser.js'
import type { PrivateKey } from '../../../seal/browser.js'
import { piecesOf } from '../open/message-of.js'
import { Meter } from '../open/meter.js'
import { HeldDesk } from './held-desk.js'
import { joinWith } from './joining.js'
import { KeptKeys } from './kept/kept-keys.js'
import { Sharing } from './sharing/sharing.js'
import { WritingDesk } from './writing-desk.js'
import type {
  Acknowledge,
  KeyRequest,
  KeyResults,
  MakeKey,
  OpenItem,
  Prove,
  ReadManifest,
  SignIn,
  Unlock,
} from './messages.js'

interface Known {
  readonly manifest: Manifest
  /** SHA-256 of the manifest's JSON. */
  readonly digest: string
  /** Numbers of the items that were opened and matched. */
  readonly opened: Set<number>
}

export class KeyHolder {
  #key: PrivateKey | undefined
  readonly #manifests = new Map<string, Known>()
  readonly #desk = new WritingDesk({
    key: () => this.#held(),
    about: (transfers) => this.#aboutStudies(transfers),
    open: (sealed) => this.#opened(sealed, new Meter()),
  })
  readonly #sharing = new Sharing({
    held: () => this.#held(),
    open: (sealed) => this.#opened(sealed, new Meter()),
  })
  readonly #heldDesk = new HeldDesk({
    open: (sealed) => this.#opened(sealed, new Meter()),
    sign: async (statement) => ({
      statement,
      signature: await signDetached(statement, this.#held(), new Date()),
    }),
  })
  readonly #kept = new KeptKeys({
    held: () => this.#held(),
    hold: (key) => void (this.#key = key),
  })

  /** @throws NocturneError */
  do(request: KeyRequest): Promise<KeyResults[keyof KeyResults]> {
    switch (request.do) {
      case 'unlock':
        return this.#unlock(request)
      case 'make key':
        return this.#make(request)
      case 'join':
        return joinWith(this.#held(), request)
      case 'sign in':
        return this.#signIn(request)
      case 'prove':
        return this.#prove(request)
      case 'manifest':
        return this.#manifest(request)
      case 'open':
        return this.#open(request)
      case 'acknowledge':
        return this.#acknowledge(request)
      case 'kept':
      case 'keep':
      case 'unlock kept':
      case 'recovery':
      case 'forget':
        return this.#kept.do(request)
      case 'share':
      case 'prove sharing':
        return this.#sharing.do(request)
      case 'open held':
      case 'release held':
      case 'discard held':
        return this.#heldDesk.do(request)
      default:
        return this.#desk.do(request)
    }
  }

  async #unlock({ key, passphrase }: Unlock): Promise<KeyResults['unlock']> {
    try {
      this.#key = await readPrivateKey(key, passphrase)
      return { fingerprint: this.#key.fingerprint }
    } finally {
      key.fill(0)
    }
  }

  async #make({ name, passphrase }: MakeKey): Promise<KeyResults['make key']> {
    if (passphrase === '') throw new NocturneError('key_locked')
    const { privateKey: lockedKey, fingerprint } = await newKey({ name, passphrase })
    this.#key = await readPrivateKey(lockedKey, passphrase)
    return { lockedKey, fingerprint }
  }

  async #signIn({ challenge, origin, principal }: SignIn): Promise<KeyResults['sign in']> {
    const read = readChallenge(challenge)
    if (read?.origin !== origin || read.principal !== principal)
      throw new NocturneError('challenge_invalid')
    return { signature: await signDetached(challenge, this.#held(), new Date()) }
  }

  async #prove({ challenge, gateway, reader, manifest }: Prove): Promise<KeyResults['prove']> {
    const { nonce, transfer, sealed } = challenge
    const statement = { gateway, case: challenge.case, transfer, reader, nonce }
    if (sealed === undefined || (await canProveOpening())) {
      const text = claimStatement(statement)
      return { nonce, signature: await proveOpeningWeb(manifest, this.#held(), text) }
    }
    const content = await this.#opened(bytesOfBase64(sealed), new Meter())
    // It must be the text of this very challenge: nothing else is opened for the gateway.
    if (!new TextDecoder().decode(content).startsWith(sealedClaimText(statement, '')))
      throw new NocturneError('cannot_open')
    return { nonce, answer: await sha256Of(content) }
  }

  async #manifest(request: ReadManifest): Promise<KeyResults['manifest']> {
    const { sealed, transfer, gateway, signers } = request
    const known = signers.map(({ certificate, until }) => ({
      certificate,
      until: until === undefined ? undefined : new Date(until),
    }))
    const { content, signedAt, hasKeyEnded } = await openSignedMessage(
      sealed,
      [this.#held()],
      known,
      new Date(),
    )
    const manifest = readManifest(content, { transfer, gateway })
    if (!manifest) throw new NocturneError('manifest_mismatch')
    const opened = this.#manifests.get(transfer)?.opened ?? new Set()
    this.#manifests.set(transfer, { manifest, digest: await sha256Of(content), opened })
    return { manifest, signedAt: signedAt.toISOString(), hasKeyEnded }
  }

  async #open({ transfer, index, message }: OpenItem): Promise<KeyResults['open']> {
    const known = this.#manifests.get(transfer)
    const item = known?.manifest.items.find((one) => one.index === index)
    if (!known || !item) throw new NocturneError('manifest_mismatch')
    // The digest in the manifest covers the data packet alone; what precedes it are key packets.
    const data = new Meter(Math.max(0, message.length - item.ciphertext.size))
    const content = await this.#opened(message, data)
    const whole = new Meter()
    whole.update(content)
    if (!data.is(item.ciphertext) || !whole.is(item.plaintext))
      throw new NocturneError('manifest_mismatch')
    known.opened.add(index)
    return { item, content }
  }

  async #acknowledge({ transfer, reader }: Acknowledge): Promise<KeyResults['acknowledge']> {
    const known = this.#manifests.get(transfer)
    if (!known?.manifest.items.every(({ index }) => known.opened.has(index)))
      throw new NocturneError('acknowledgement_invalid')
    const { manifest, digest } = known
    const shortfall = shortfallOf(manifest.outcomes)
    const statement = writeAcknowledgement({
      gateway: manifest.gateway,
      transfer,
      manifest: digest,
      items: manifest.items.length,
      ...(shortfall && { lacks: shortfall }),
      reader,
      openedAt: new Date().toISOString(),
    })
    return { statement, signature: await signDetached(statement, this.#held(), new Date()) }
  }

  async #opened(message: Uint8Array, meter: Meter): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array<ArrayBuffer>[] = []
    const source = metered(message, meter)
    for await (const piece of openMessage(source, [this.#held()], { ciphers: webCiphers }))
      pieces.push(own(piece).slice())
    return new Uint8Array(await new Blob(pieces).arrayBuffer())
  }

  /** @throws NocturneError `manifest_mismatch` for a transfer whose manifest was not opened */
  #aboutStudies(transfers: readonly string[]): Pick<ReportDocument, 'studies' | 'modality'> {
    const manifests = transfers.map((id) => {
      const known = this.#manifests.get(id)
      if (!known) throw new NocturneError('manifest_mismatch')
      return known.manifest
    })
    return aboutStudies(manifests)
  }

  #held(): PrivateKey {
    if (!this.#key) throw new NocturneError('key_locked')
    return this.#key
  }
}

async function* metered(message: Uint8Array, meter: Meter): AsyncGenerator<Uint8Array> {
  for await (const piece of piecesOf(new Blob([own(message)]).stream())) {
    meter.update(piece)
    yield piece
  }
}
