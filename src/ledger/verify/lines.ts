import { NocturneError } from '../../lib/errors.js'

/** Enough for an entry of 32 KiB and its path. */
export const MAX_LINE_CHARACTERS = 128 * 1024

/**
 * Splits text that arrives in pieces of any size into lines, without their newlines, holding at
 * most one line.
 *
 * @throws NocturneError `bad_request` for a line longer than any in an export, or for text that is
 *   not UTF-8
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array | string>,
): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decode(decoder, chunk))).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS) throw new NocturneError('bad_request')
    yield* lines
  }
  rest += decode(decoder)
  if (rest !== '') yield rest
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch (cause) {
    throw new NocturneError('bad_request', { cause })
  }
}
