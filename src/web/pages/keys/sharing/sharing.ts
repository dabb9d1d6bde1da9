/** Seals session keys again to a colleague, and proves that their holder did. */
import { bytesOfBase64 } from '../../../../lib/bytes.js'
import { NocturneError } from '../../../../lib/errors.js'
import { sealedClaimText } from '../../../../protocol/claim.js'
import { packetsText, recipientStatement } from '../../../../protocol/recipient-statement.js'
import type { RecipientAddition } from '../../../../protocol/recipient-statement.js'
import { sha256Of } from '../../../../protocol/signed.js'
import { canProveOpening, toRecipient } from '../../../../seal/browser.js'
import type { PrivateKey } from '../../../../seal/browser.js'
import { proveKeyPacketWeb, rewrapKeyPacket } from '../../../../seal/shared/browser.js'
import type { Addition, ProveSharing, Share, SharingRequest, SharingResults } from './messages.js'

interface Hands {
  readonly held: () => PrivateKey
  /** Opens a message that nobody signed. */
  readonly open: (sealed: Uint8Array) => Promise<Uint8Array>
}

interface Made {
  readonly addition: RecipientAddition
  /** One's own packet of the manifest's envelope. */
  readonly own: Share['listed']['envelopes'][number] | undefined
}

export class Sharing {
  readonly #held: () => PrivateKey
  readonly #open: (sealed: Uint8Array) => Promise<Uint8Array>
  /** By transfer. */
  readonly #made = new Map<string, Made>()

  constructor({ held, open }: Hands) {
    this.#held = held
    this.#open = open
  }

  /** @throws NocturneError `recipient_unusable`, `not_sealed_to_key`, `cannot_open` */
  do(request: SharingRequest): Promise<SharingResults[keyof SharingResults]> {
    return request.do === 'share' ? this.#share(request) : this.#prove(request)
  }

  async #share({ listed, colleague }: Share): Promise<Addition> {
    const now = new Date()
    const recipient = await toRecipient(colleague.id, colleague.certificate, now)
    const { fingerprint } = recipient
    if (fingerprint !== colleague.fingerprint)
      throw new NocturneError('recipient_unusable', { subject: colleague.id })
    const packets: { envelope: string; packet: string }[] = []
    const digests: { envelope: string; sha256: string }[] = []
    for (const { envelope, format, packet } of listed.envelopes) {
      const own = bytesOfBase64(packet)
      const again = await rewrapKeyPacket(own, format, this.#held(), recipient, now)
      packets.push({ envelope, packet: btoa(String.fromCharCode(...again)) })
      digests.push({ envelope, sha256: await sha256Of(again) })
    }
    this.#made.set(listed.id, {
      addition: { recipient: colleague.id, fingerprint, packets: digests },
      own: listed.envelopes.find(({ envelope }) => envelope === listed.manifest),
    })
    return { recipient: colleague.id, fingerprint, packets }
  }

  async #prove(request: ProveSharing): Promise<SharingResults['prove sharing']> {
    const { challenge, gateway, actor } = request
    const { nonce, transfer, sealed } = challenge
    const made = this.#made.get(transfer)
    if (!made) throw new NocturneError('challenge_invalid')
    const common = { gateway, case: challenge.case, transfer, nonce }
    const { addition, own } = made
    if (own && challenge.isAnswerOnly !== true && (await canProveOpening())) {
      const text = recipientStatement({ ...common, ...addition, actor })
      const packet = bytesOfBase64(own.packet)
      return { nonce, signature: await proveKeyPacketWeb(packet, own.format, this.#held(), text) }
    }
    if (sealed === undefined) throw new NocturneError('not_sealed_to_key')
    const content = await this.#open(bytesOfBase64(sealed))
    const digest = await sha256Of(new TextEncoder().encode(packetsText(addition.packets)))
    const purpose = ['recipient', addition.recipient, addition.fingerprint, digest]
    // It must be the text of this very challenge: nothing else is opened for the gateway.
    const front = sealedClaimText({ ...common, reader: actor }, '', purpose)
    if (!new TextDecoder().decode(content).startsWith(front)) throw new NocturneError('cannot_open')
    return { nonce, answer: await sha256Of(content) }
  }
}
