/**
 * A thread that runs third-party codecs: isolated from requests, and ended when it takes too long.
 */
import { parentPort } from 'node:worker_threads'
import { blankWasmFrame, decodeWasmFrame } from '../../pixels/index.js'
import { codecBytes } from './codec-bytes.js'
import type { CodecAnswer, CodecRequest } from './codec-thread.js'

parentPort?.on('message', ({ mask, ...frame }: CodecRequest) => {
  const answer = (message: CodecAnswer): void => parentPort?.postMessage(message)
  const done: Promise<CodecAnswer> = mask
    ? blankWasmFrame({ ...frame, mask }, codecBytes).then((blanked) => ({ blanked }))
    : decodeWasmFrame(frame, codecBytes).then((samples) => ({ samples }))
  done.then(answer, () => {
    answer({})
  })
})
