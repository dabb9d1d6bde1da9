/** WADO-RS and QIDO-RS answers (PS3.18 10.4, 10.6) over the library. */
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { acceptedIn, acceptsJson, acceptsParts } from './accept.js'
import { frameOf } from './frames.js'
import { bulkOf, metadataOf } from './instance.js'
import type { Instance, Library, Within } from './library.js'
import { search } from './search.js'
import type { Level } from './search.js'
import { thumbnailOf } from './thumbnail.js'

export interface Asked {
  /** Below the service root, without leading slash. */
  readonly path: string
  readonly query: URLSearchParams
  readonly accept: string | undefined
  /** URL of the service root. */
  readonly base: string
}

/** Answers, or returns the status that says why not. */
export type Answer = (response: ServerResponse) => Promise<void>

const UID = '[0-9.]{1,64}'
const RESOURCE = new RegExp(
  `^studies/(?<study>${UID})(?:/series/(?<series>${UID})(?:/instances/(?<instance>${UID}))?)?(?:/(?<rest>.+))?$`,
)

export function answerFor(
  library: Library,
  asked: Asked,
): Answer | Promise<Answer | number> | number {
  if (/^(studies|series|instances)$/.test(asked.path))
    return list(library, asked, asked.path as Level, {})
  const { study, series, instance, rest } = RESOURCE.exec(asked.path)?.groups ?? {}
  if (study === undefined) return 404
  const within = { study, series, instance }
  if (rest === 'series' && series === undefined) return list(library, asked, 'series', within)
  if (rest === 'instances' && instance === undefined)
    return list(library, asked, 'instances', within)
  const found = [...library.instances(within)]
  const [first] = found
  if (!first) return 404
  if (rest === undefined) return files(found, asked)
  if (rest === 'metadata') return metadata(found, asked)
  if (rest === 'thumbnail') return thumbnail(found[Math.floor(found.length / 2)] ?? first, 1)
  if (instance === undefined) return 404
  const numbers = /^frames\/([0-9,]{1,2000})$/.exec(rest)?.[1]
  if (numbers !== undefined) return frames(first, numbers.split(',').map(Number), asked)
  const shown = /^frames\/(\d{1,9})\/thumbnail$/.exec(rest)?.[1]
  if (shown !== undefined) return thumbnail(first, Number(shown))
  const tag = /^bulkdata\/([0-9A-Fa-f]{8})$/.exec(rest)?.[1]
  return tag === undefined ? 404 : bulk(first, tag.toUpperCase())
}

const JSON_TYPE = 'application/dicom+json'

function list(library: Library, asked: Asked, level: Level, within: Within): Answer | number {
  if (!acceptsJson(acceptedIn(asked.accept))) return 406
  const entries = search(library.instances(within), level, asked.query, asked.base)
  if (!entries) return 400
  return (response) => {
    response.setHeader('Content-Type', JSON_TYPE)
    response.end(JSON.stringify(entries))
    return Promise.resolve()
  }
}

/** One instance at a time: a study of thousands is never held. */
function metadata(instances: readonly Instance[], asked: Asked): Answer | number {
  if (!acceptsJson(acceptedIn(asked.accept))) return 406
  return async (response) => {
    response.setHeader('Content-Type', JSON_TYPE)
    await pipeline(Readable.from(metadataPieces(instances, asked.base)), response)
  }
}

async function* metadataPieces(
  instances: readonly Instance[],
  base: string,
): AsyncGenerator<string> {
  for (const [at, { study, series, instance, read }] of instances.entries()) {
    const url = `${base}/studies/${study}/series/${series}/instances/${instance}`
    yield `${at === 0 ? '[' : ','}${JSON.stringify(await metadataOf(read, url))}`
  }
  yield ']'
}

/** Whole files, as they were opened. */
function files(instances: readonly Instance[], asked: Asked): Answer | number {
  const accepted = acceptedIn(asked.accept)
  const parts = instances.map(({ summary, read, size }) => {
    const syntax = syntaxOf(summary)
    return { type: 'application/dicom', syntax, size, pieces: () => read() }
  })
  const isAccepted = parts.every(({ syntax }) =>
    acceptsParts(accepted, 'application/dicom', syntax),
  )
  return isAccepted ? (response) => multipart(response, parts, 'application/dicom') : 406
}

const syntaxOf = (summary: Instance['summary']): string => {
  const value = summary['00083002']?.Value?.[0]
  return typeof value === 'string' ? value : ''
}

/** PS3.18 Table 8.7.3-4: what a frame is, by the transfer syntax it is stored in. */
const FRAME_TYPES: readonly (readonly [RegExp, string])[] = [
  [/\.4\.(50|51|57|70)$/, 'image/jpeg'],
  [/\.4\.(80|81)$/, 'image/jls'],
  [/\.4\.(90|91)$/, 'image/jp2'],
  [/\.4\.20[123]$/, 'image/jphc'],
  [/\.2\.5$/, 'image/dicom-rle'],
]

async function frames(
  one: Instance,
  numbers: readonly number[],
  asked: Asked,
): Promise<Answer | number> {
  const known = await one.frames()
  if (!known) return 404
  const { syntax, isEncapsulated } = known
  const own = isEncapsulated ? FRAME_TYPES.find(([form]) => form.test(syntax))?.[1] : undefined
  const accepted = acceptedIn(asked.accept)
  const plain = 'application/octet-stream'
  // Octets are asked for by viewers that decode by the syntax; a type of its own by the others.
  const native = isEncapsulated ? syntax : '1.2.840.10008.1.2.1'
  const type = [own, plain].find(
    (name) => name !== undefined && acceptsParts(accepted, name, name === own ? syntax : native),
  )
  if (type === undefined) return 406
  const parts = numbers.flatMap((at) => {
    const pieces = () => frameOf(one.read, known, at)
    return known.places[at - 1]
      ? [{ type, syntax: native, size: sizeOf(known.places[at - 1]), pieces }]
      : []
  })
  if (parts.length < numbers.length || parts.length === 0) return 404
  return (response) => multipart(response, parts, type)
}

const sizeOf = (ranges: readonly { start: number; end: number }[] = []): number =>
  ranges.reduce((sum, { start, end }) => sum + end - start, 0)

function bulk({ read }: Instance, tag: string): Promise<Answer | number> {
  return bulkOf(read, tag).then((pieces) =>
    pieces === undefined
      ? 404
      : (response: ServerResponse) => {
          const part = {
            type: 'application/octet-stream',
            syntax: undefined,
            size: undefined,
            pieces: () => pieces,
          }
          return multipart(response, [part], part.type)
        },
  )
}

async function thumbnail(one: Instance, frame: number): Promise<Answer | number> {
  const png = await thumbnailOf(one, frame)
  if (!png) return 406
  return (response) => {
    response.setHeader('Content-Type', 'image/png')
    response.end(png)
    return Promise.resolve()
  }
}

interface Part {
  readonly type: string
  readonly syntax: string | undefined
  readonly size: number | undefined
  readonly pieces: () => AsyncIterable<Buffer> | undefined
}

async function multipart(
  response: ServerResponse,
  parts: readonly Part[],
  type: string,
): Promise<void> {
  const boundary = randomBytes(16).toString('hex')
  response.setHeader('Content-Type', `multipart/related; type="${type}"; boundary="${boundary}"`)
  await pipeline(Readable.from(partPieces(parts, boundary), { objectMode: false }), response)
}

async function* partPieces(parts: readonly Part[], boundary: string): AsyncGenerator<Buffer> {
  for (const [at, { type, syntax, size, pieces }] of parts.entries()) {
    const transferSyntax = syntax === undefined ? '' : `;transfer-syntax=${syntax}`
    const length = size === undefined ? '' : `\r\nContent-Length: ${size}`
    yield Buffer.from(
      `${at === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${type}${transferSyntax}${length}\r\n\r\n`,
    )
    yield* pieces() ?? []
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`)
}
