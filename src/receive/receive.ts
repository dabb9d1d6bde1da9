import { asNocturneError } from '../lib/errors.js'
import { ArchiveTally, walkArchive } from './archive.js'
import { ByteSource } from './byte-source.js'
import type {
  Part,
  ReceiveLimits,
  ReceivedDocument,
  ReceivedInstance,
  ReceivedItem,
} from './item.js'
import { boundedBytes } from './item-bytes.js'
import { LOOK_AHEAD, hintsOf, recognize } from './recognize.js'
import type { Recognized } from './recognize.js'
import type { Hints } from './hints.js'
import { unacceptable } from './unacceptable.js'

/**
 * Yields the items of one part in order, at least one. The unread rest of an item is skipped when
 * the consumer requests the next one, and can then no longer be read. Leaving the loop early
 * releases the part.
 *
 * @throws the error of `part.bytes` when the connection is lost, and the rest of the part with it.
 *   A fault in one item is thrown by the bytes of that item, as a NocturneError.
 */
export async function* receive(
  part: Part,
  limits: ReceiveLimits,
): AsyncGenerator<ReceivedItem, void> {
  const source = new ByteSource(part.bytes)
  try {
    const tally = new ArchiveTally(limits, source)
    yield* itemsOf(source, hintsOf(part.contentType, part.fileName), 1, limits, tally)
    await source.skip(Number.MAX_SAFE_INTEGER)
    if (source.failure !== undefined) throw source.failure.error
  } finally {
    await source.close()
  }
}

async function* itemsOf(
  source: ByteSource,
  hints: Hints,
  depth: number,
  limits: ReceiveLimits,
  tally: ArchiveTally,
): AsyncGenerator<ReceivedItem, void> {
  const head = await source.peek(LOOK_AHEAD)
  if (head.length === 0) {
    if (tally.isCutOff) return
    const code = source.failure ? asNocturneError(source.failure.error).code : 'empty_file'
    yield unacceptable('unknown', code)
    return
  }
  const recognized = recognize(head, hints)
  if (recognized.kind === 'archive') {
    if (depth > limits.archiveDepth) {
      yield unacceptable('archive', 'archive_too_deep')
      return
    }
    yield* walkArchive(source, tally, (content, fileName) =>
      itemsOf(content, hintsOf('', fileName), depth + 1, limits, tally),
    )
    return
  }
  let isOpen = true
  try {
    yield toItem(
      recognized,
      boundedBytes(source, limits.itemBytes, () => isOpen),
    )
  } finally {
    isOpen = false
  }
}

/** The only place that makes received instances and documents. */
function toItem(
  recognized: Exclude<Recognized, { kind: 'archive' }>,
  bytes: AsyncIterable<Buffer>,
): ReceivedItem {
  switch (recognized.kind) {
    case 'instance':
      return { kind: 'instance', bytes } as ReceivedInstance
    case 'document':
      return { kind: 'document', mediaType: recognized.mediaType, bytes } as ReceivedDocument
    case 'unacceptable':
      return { ...recognized, keep: true, bytes }
  }
}
