/**
 * Reads `multipart/related` (RFC 2046, RFC 2387) on demand: a part's octets arrive as they are
 * read, and whatever was not read is skipped when the next part is requested. A body without its
 * closing boundary is never treated as complete.
 */
import { NocturneError } from '../../lib/errors.js'

export interface BodyPart {
  /** Lower case, without parameters; empty when the part has none. */
  readonly contentType: string
  readonly bytes: AsyncIterable<Buffer>
}

/** The part headers of DICOMweb are four short lines. */
const MAX_HEADERS = 16 * 1024
const LINE_END = Buffer.from('\r\n')
const HEADERS_END = Buffer.from('\r\n\r\n')

/**
 * @throws NocturneError `broken_multipart`, also from a part's bytes; and whatever `body` throws.
 */
export async function* partsOf(
  body: AsyncIterable<Buffer>,
  boundary: string,
): AsyncGenerator<BodyPart, void> {
  const splitter = new Splitter(body, boundary)
  await splitter.skipPart()
  while (await splitter.nextBegins()) {
    const contentType = contentTypeIn(await splitter.headers())
    let isPast = false
    const next = () => (isPast ? Promise.resolve(OVER) : splitter.next())
    yield { contentType, bytes: { [Symbol.asyncIterator]: () => ({ next }) } }
    // Reading a previous part from now on must not return octets of the next one.
    isPast = true
    await splitter.skipPart()
  }
}

const OVER: IteratorResult<Buffer, undefined> = { done: true, value: undefined }

class Splitter {
  readonly #source: AsyncIterator<Buffer>
  readonly #delimiter: Buffer
  /**
   * Bytes read but not yet handed out. A delimiter begins with a line end, so one is inserted
   * before the body.
   */
  #held: Buffer = LINE_END
  #isPartOver = false

  constructor(body: AsyncIterable<Buffer>, boundary: string) {
    this.#source = body[Symbol.asyncIterator]()
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  }

  /** Skips the rest of the part, or the preamble before the first one. */
  async skipPart(): Promise<void> {
    while ((await this.next()).done !== true);
    this.#isPartOver = false
  }

  /** Returns the next octets of the part; done at its delimiter, which is consumed. */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    while (!this.#isPartOver) {
      const at = this.#held.indexOf(this.#delimiter)
      if (at === 0) {
        this.#held = this.#held.subarray(this.#delimiter.length)
        this.#isPartOver = true
        break
      }
      // The last octets may be the start of a delimiter.
      const passes = at > 0 ? at : this.#held.length - this.#delimiter.length + 1
      if (passes > 0) {
        const value = this.#held.subarray(0, passes)
        this.#held = this.#held.subarray(passes)
        return { done: false, value }
      }
      await this.#more()
    }
    return OVER
  }

  /** After a delimiter: returns whether another part begins, or this was the closing delimiter. */
  async nextBegins(): Promise<boolean> {
    while (this.#held.length < 2) await this.#more()
    if (this.#held.toString('latin1', 0, 2) === '--') return false
    const padding = await this.#until(LINE_END, 256)
    if (!/^[ \t]*$/.test(padding)) throw new NocturneError('broken_multipart')
    return true
  }

  async headers(): Promise<string> {
    while (this.#held.length < 2) await this.#more()
    // The part has no headers.
    if (this.#held.subarray(0, 2).equals(LINE_END)) {
      this.#held = this.#held.subarray(2)
      return ''
    }
    return this.#until(HEADERS_END, MAX_HEADERS)
  }

  async #until(end: Buffer, most: number): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf(end)
      if (at > most || (at < 0 && this.#held.length > most)) {
        throw new NocturneError('broken_multipart')
      }
      if (at >= 0) {
        const text = this.#held.toString('latin1', 0, at)
        this.#held = this.#held.subarray(at + end.length)
        return text
      }
      await this.#more()
    }
  }

  async #more(): Promise<void> {
    const next = await this.#source.next()
    if (next.done === true) throw new NocturneError('broken_multipart')
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
  }
}

function contentTypeIn(headers: string): string {
  const line = /^content-type[ \t]*:[ \t]*([^\r\n;]*)/im.exec(headers)?.[1]
  return (line ?? '').trim().toLowerCase()
}

export interface RelatedType {
  readonly boundary: string
  /** The content type of parts that state none (RFC 2387). */
  readonly type: string
}

/** The parameters of a `multipart/related` Content-Type; undefined for anything else. */
export function relatedType(contentType: string | undefined): RelatedType | undefined {
  if (contentType === undefined || !/^multipart\/related[ \t]*(;|$)/i.test(contentType)) {
    return undefined
  }
  const parameter = (name: string): string | undefined => {
    const found = new RegExp(`;[ \\t]*${name}[ \\t]*=[ \\t]*(?:"([^"]*)"|([^;"\\s]+))`, 'i').exec(
      contentType,
    )
    return found?.[1] ?? found?.[2]
  }
  const boundary = parameter('boundary')
  // RFC 2046 5.1.1 limits a boundary to 70 characters, but Orthanc's have 73.
  if (boundary === undefined || boundary === '' || boundary.length > 200) return undefined
  return { boundary, type: (parameter('type') ?? '').toLowerCase() }
}
