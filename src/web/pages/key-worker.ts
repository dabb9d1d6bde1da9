/**
 * Holds a reader's private key. The gateway serves this script under a policy that lets it connect
 * nowhere, so the key can leave it by message only, and no message has a place for it but one: that
 * of a new key, encrypted with its passphrase.
 */
import './open/without-eval.js'
import { KeyHolder } from './keys/key-holder.js'
import type { KeyAnswer, KeyCall } from './keys/messages.js'

const holder = new KeyHolder()

addEventListener('message', ({ data: { id, request } }: MessageEvent<KeyCall>) => {
  holder.do(request).then(
    (result) => {
      const answer: KeyAnswer = { id, result }
      const moved = 'content' in result ? [result.content.buffer as ArrayBuffer] : []
      postMessage(answer, { transfer: moved })
    },
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal'
      const answer: KeyAnswer = { id, failed: code }
      postMessage(answer)
    },
  )
})
