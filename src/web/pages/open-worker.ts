/** Opens files beside the page, so that the page stays usable. It opens once: its end is the end of the key in memory. */
import { readPrivateKey } from '../../seal/browser.js'
import type { PrivateKey } from '../../seal/browser.js'
import type { Failure, OpenNews, OpenRequest, StopRequest } from './open/messages.js'
import { messageOf } from './open/message-of.js'
import { openFile, OpenError } from './open/open-file.js'

/** News of progress come at most once in so many octets. */
const NEWS_BYTES = 4 * 1024 * 1024

const tell = (news: OpenNews): void => {
  postMessage(news)
}

let isStopped = false

addEventListener('message', ({ data }: MessageEvent<OpenRequest | StopRequest>) => {
  if ('stop' in data) isStopped = true
  else void run(data)
})

async function run(request: OpenRequest): Promise<void> {
  let key: PrivateKey
  try {
    key = await readPrivateKey(request.key, request.passphrase)
  } catch (error) {
    const isLocked = error instanceof Error && 'code' in error && error.code === 'key_locked'
    tell({ ended: true, failed: isLocked ? 'key_locked' : 'key_unreadable' })
    return
  } finally {
    request.key.fill(0)
  }
  for (const [index, file] of request.files.entries()) await openOne(index, file, key, request)
  tell({ ended: true })
}

/** One that does not open must not keep the others. */
async function openOne(
  index: number,
  file: File,
  key: PrivateKey,
  { folder }: OpenRequest,
): Promise<void> {
  let bytes = 0
  let told = 0
  const onBytes = (count: number): void => {
    if (isStopped) throw new Error('stopped')
    bytes += count
    if (bytes - told < NEWS_BYTES) return
    told = bytes
    tell({ file: index, bytes })
  }
  try {
    onBytes(0)
    const sealed = { name: file.name, message: messageOf(file) }
    const { name, size } = await openFile(sealed, [key], folder, onBytes)
    tell({ file: index, opened: name, size })
  } catch (error) {
    const why: Failure = error instanceof OpenError ? error.failure : 'cannot_open'
    const failed = isStopped ? 'stopped' : why
    tell({ file: index, failed })
  }
}
