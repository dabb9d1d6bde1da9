import multer from 'multer'
import type { StorageEngine } from 'multer'
import type { Request } from 'express'
import type { Readable, Writable } from 'node:stream'
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import type { Part } from '../../receive/index.js'
import { ClientPace } from '../client-pace.js'
import type { FormLimits, FormSink } from './contract.js'
import { delimiterCount } from './delimiters.js'
import { PartQueue } from './part-queue.js'

/** At this pace a 500 MB study would take a week. */
const LEAST_BYTES = 8 * 1024

/**
 * Streams a `multipart/form-data` request into `sink` through multer, writing no file and holding
 * no whole part in memory. Resolves when the body was complete up to its last boundary and the sink
 * has consumed every part.
 *
 * A failure does not wait for the rest of the request, only for the sink's current call; the sink
 * is not called again. Anything the client still sends is discarded, so answer with `Connection:
 * close`.
 *
 * @throws NocturneError `not_multipart`, `broken_multipart` (also when the client disconnects),
 *   `bad_field`, `unexpected_part`, `too_many_items`, `no_files`, `slow_client`; or whatever the
 *   sink throws.
 */
export async function readForm(
  request: Request,
  limits: FormLimits,
  sink: FormSink,
): Promise<void> {
  if (!/^multipart\/form-data\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new NocturneError('not_multipart')
  }
  await new FormReader(request, limits, sink).run()
}

/** Bytes buffered by the parser, and by the stream of each file, before back-pressure sets in. */
const WINDOW = 256 * 1024
const FIELDS: ReadonlyMap<string, number> = new Map([
  ['group', 256],
  ['priority', 256],
  ['complete', 256],
  ['case', 64],
  ['again', 256],
  ['missing', 16],
])
/** Replaces a missing file name, because multer skips files without one. */
const UNNAMED = 'unnamed'

interface FileInfo {
  readonly filename?: string
  readonly mimeType: string
}
type FileListener = (name: unknown, stream: Readable, info: FileInfo) => void

/**
 * One request. Multer parses and calls back; the decisions, the pace and the end are handled here.
 */
class FormReader {
  readonly #request: Request
  readonly #limits: FormLimits
  readonly #sink: FormSink
  readonly #allowed: ReadonlyMap<string, number>
  readonly #queue = new PartQueue((part) => this.#take(part))
  readonly #fields: Record<string, string> = {}
  #files = 0
  #hasBegun = false
  #isOver = false
  #close = (): void => undefined
  #settle: (failure?: NocturneError) => void = () => undefined
  #delimiters = (): number | undefined => undefined

  constructor(request: Request, limits: FormLimits, sink: FormSink) {
    this.#request = request
    this.#limits = limits
    this.#sink = sink
    this.#allowed = limits.fields ?? FIELDS
  }

  async run(): Promise<void> {
    const { res: response } = this.#request
    if (response === undefined) throw new NocturneError('internal')
    // The high-water marks and `streamHandler` are multer options that its typings omit.
    const options: multer.Options & {
      readonly fileHwm: number
      readonly highWaterMark: number
      readonly streamHandler: (request: Request, parser: Writable) => void
    } = {
      storage: this.#storage(),
      limits: { fieldSize: Math.max(...this.#allowed.values()) },
      defParamCharset: 'utf8',
      fileHwm: WINDOW,
      highWaterMark: WINDOW,
      streamHandler: (_request, parser) => {
        this.#listen(parser)
        this.#pump(parser)
      },
    }
    const failure = await new Promise<NocturneError | undefined>((resolve) => {
      this.#settle = resolve
      multer(options).any()(this.#request, response, (error?: unknown) => {
        // Multer reports a failure only after the request has ended; most have been handled long
        // before.
        if (error) this.#end(asNocturneError(error, 'broken_multipart'))
        else this.#finish()
      })
    })
    await this.#queue.idle()
    if (failure !== undefined) throw failure
  }

  #storage(): StorageEngine {
    return {
      _handleFile: (_request, file, done) => {
        const fileName = file.originalname === UNNAMED ? undefined : file.originalname
        this.#queue.add({ contentType: file.mimetype, fileName }, file.stream).then(
          () => {
            done(null, {})
          },
          (error: unknown) => {
            this.#end(asNocturneError(error))
            done(error)
          },
        )
      },
      // Nothing is kept here: the sink's owner discards what the sink has taken.
      _removeFile: (_request, _file, done) => {
        done(null)
      },
    }
  }

  async #take(part: Part): Promise<void> {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      await this.#sink.begin({ ...this.#fields })
    }
    await this.#sink.part(part)
  }

  /** Listens for fields, files and errors ahead of multer. */
  #listen(parser: Writable): void {
    this.#delimiters = delimiterCount(parser)
    parser.prependListener('error', () => {
      this.#end(new NocturneError('broken_multipart'))
    })
    parser.prependListener('field', (name: unknown, value: string, info: FieldInfo) => {
      this.#admitField(name, info.valueTruncated ? undefined : value)
    })
    const store = parser.listeners('file') as FileListener[]
    parser.removeAllListeners('file')
    parser.on('file', (name: unknown, stream: Readable, info: FileInfo) => {
      if (this.#admitFile(name)) {
        const named = { ...info, filename: info.filename ?? UNNAMED }
        for (const listener of store) listener(name, stream, named)
      } else {
        stream.on('error', () => undefined).resume()
      }
    })
  }

  #admitField(name: unknown, value: string | undefined): void {
    const limit = typeof name === 'string' ? this.#allowed.get(name) : undefined
    if (typeof name !== 'string' || limit === undefined || this.#files > 0) {
      this.#end(new NocturneError('unexpected_part'))
    } else if (value === undefined || value.length > limit || Object.hasOwn(this.#fields, name)) {
      this.#end(new NocturneError('bad_field', { field: name }))
    } else {
      this.#fields[name] = value
    }
  }

  #admitFile(name: unknown): boolean {
    this.#files += 1
    if (name !== 'files') this.#end(new NocturneError('unexpected_part'))
    else if (this.#files > this.#limits.requestItems) this.#end(new NocturneError('too_many_items'))
    return !this.#isOver
  }

  /**
   * Feeds the parser only as fast as parts are consumed. While the parser or the queue is full, the
   * gateway is not waiting for the client, so the client's silence is not counted.
   */
  #pump(parser: Writable): void {
    const request = this.#request
    let isWaiting = true
    let hasBytes = false
    let received = 0
    const pace = new ClientPace(this.#limits.slowestBytes ?? 0)
    let waitingSince = performance.now()
    const idle = setTimeout(() => {
      if (isWaiting) this.#end(new NocturneError('slow_client'))
    }, this.#limits.idleSeconds * 1000)

    const onData = (chunk: Buffer) => {
      hasBytes = true
      received += chunk.length
      const now = performance.now()
      pace.received(chunk.length, now - waitingSince)
      waitingSince = now
      if (pace.isTooSlow) {
        this.#end(new NocturneError('slow_client'))
        return
      }
      // A client that sends only the occasional byte counts as silent.
      if (received >= LEAST_BYTES) {
        received = 0
        idle.refresh()
      }
      const isDrained = parser.write(chunk)
      if (isDrained && !this.#queue.isCrowded) return
      isWaiting = false
      request.pause()
      const drained = isDrained
        ? Promise.resolve()
        : new Promise((resolve) => parser.once('drain', resolve))
      void Promise.all([drained, this.#queue.room()]).then(() => {
        if (this.#isOver) return
        isWaiting = true
        waitingSince = performance.now()
        idle.refresh()
        request.resume()
      })
    }
    const onEnd = () => {
      isWaiting = false
      if (hasBytes) parser.end()
      else this.#end(new NocturneError('no_files', { field: 'files' }))
    }
    request.on('data', onData).on('end', onEnd)
    this.#close = () => {
      clearTimeout(idle)
      request.off('data', onData).off('end', onEnd)
      // Its error event, if any, follows this failure and adds nothing. Multer then discards the
      // rest of the request.
      parser.destroy()
    }
  }

  #finish(): void {
    const delimiters = this.#delimiters()
    const parts = this.#files + Object.keys(this.#fields).length
    if (this.#files === 0) this.#end(new NocturneError('no_files', { field: 'files' }))
    else if (delimiters !== undefined && delimiters !== parts + 1) {
      this.#end(new NocturneError('broken_multipart'))
    } else this.#end()
  }

  /** Only the first outcome counts. */
  #end(failure?: NocturneError): void {
    if (this.#isOver) return
    this.#isOver = true
    if (failure !== undefined) this.#queue.fail(failure)
    this.#close()
    this.#settle(failure)
  }
}

interface FieldInfo {
  readonly valueTruncated: boolean
}
