import { describe, expect, it } from '@jest/globals'
import { newEnvelope } from '../../src/seal/index.js'
import { isProof, proveOpening } from '../../src/seal/proof/index.js'
import { newKey, readPrivateKey, toRecipient } from '../../src/seal/keys/index.js'

describe('the proof that somebody can open an envelope', () => {
  it.each([[{}], [{ algorithm: 'rsa4096' as const }]])(
    'can be made only by its recipient (%o)',
    async (options) => {
      const [mine, other] = await Promise.all([
        newKey({ name: 'reader-1', ...options }),
        newKey({ name: 'reader-2' }),
      ])
      const key = await readPrivateKey(mine.privateKey)
      const envelope = await newEnvelope(
        [await toRecipient('reader-1', key.certificate, new Date())],
        new Date(),
      )
      const data: Buffer[] = envelope.keyPackets.map(({ packet }) => packet)
      const { bytes } = envelope.seal(
        (async function* () {
          yield await Promise.resolve(Buffer.from('content'))
        })(),
      )
      for await (const piece of bytes) data.push(piece)
      const message = Buffer.concat(data)
      const signature = await proveOpening(message, key, 'a statement')
      expect(isProof(envelope.proofKey, 'a statement', signature)).toBe(true)
      expect(isProof(envelope.proofKey, 'another statement', signature)).toBe(false)
      const second = await newEnvelope(
        [await toRecipient('reader-1', key.certificate, new Date())],
        new Date(),
      )
      expect(isProof(second.proofKey, 'a statement', signature)).toBe(false)
      expect(isProof('nothing', 'a statement', 'no signature')).toBe(false)
      const stranger = await readPrivateKey(other.privateKey)
      await expect(proveOpening(message, stranger, 'a statement')).rejects.toMatchObject({
        code: 'not_sealed_to_key',
      })
    },
  )
})
