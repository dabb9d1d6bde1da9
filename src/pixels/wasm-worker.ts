/** A thread that runs the codecs of other people's code: away from requests, and ended when it takes too long. */
import { parentPort } from 'node:worker_threads'
import { blankWasmFrame, decodeWasmFrame } from './wasm-codecs.js'
import type { CodecAnswer, CodecRequest } from './wasm-thread.js'

parentPort?.on('message', ({ codec, frame, geometry, mask }: CodecRequest) => {
  const answer = (message: CodecAnswer): void => parentPort?.postMessage(message)
  const done: Promise<CodecAnswer> = mask
    ? blankWasmFrame(codec, frame, geometry, mask).then((blanked) => ({ blanked }))
    : decodeWasmFrame(codec, frame, geometry).then((samples) => ({ samples }))
  done.then(answer, () => {
    answer({})
  })
})
