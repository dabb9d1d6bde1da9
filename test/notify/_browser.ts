/** A browser as Web Push sees it: keys, and what decrypts a message (RFC 8188 and 8291). */
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'

export interface Browser {
  /** As in a PushSubscription, in base64url. */
  readonly keys: { readonly p256dh: string; readonly auth: string }
  decrypt(body: Buffer): string
}

export function newBrowser(): Browser {
  const ecdh = createECDH('prime256v1')
  ecdh.generateKeys()
  const auth = randomBytes(16)
  return {
    keys: { p256dh: ecdh.getPublicKey('base64url'), auth: auth.toString('base64url') },
    decrypt: (body) => {
      const salt = body.subarray(0, 16)
      const idLength = body.readUInt8(20)
      const sender = body.subarray(21, 21 + idLength)
      const sealed = body.subarray(21 + idLength)
      const shared = ecdh.computeSecret(sender)
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender])
      const ikm = Buffer.from(hkdfSync('sha256', shared, auth, info, 32))
      const of = (text: string, size: number) =>
        Buffer.from(hkdfSync('sha256', ikm, salt, `Content-Encoding: ${text}\0`, size))
      const decipher = createDecipheriv('aes-128-gcm', of('aes128gcm', 16), of('nonce', 12))
      decipher.setAuthTag(sealed.subarray(-16))
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
      return plain.subarray(0, plain.lastIndexOf(2)).toString()
    },
  }
}
