/** Sealed crosswalks in a folder on the facility's machine: fetched once, opened line by line, never written in clear but by `export`. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { MAX_LINE_CHARS } from '../lib/crosswalk.js'
import type { CrosswalkLine } from '../lib/crosswalk.js'
import { nodeCiphers, openMessage } from '../seal/index.js'
import type { PrivateKey } from '../seal/index.js'
import { parseAnswer, transferId } from './answers.js'
import type { GatewayClient } from './client.js'
import { about, CommandError, fileError } from './command-error.js'
import { bodyOf } from './download.js'
import { makeFolder, writeWhole } from './local-write.js'
import { readMessageFile } from './message-file.js'

const listAnswer = z.looseObject({
  crosswalks: z
    .array(z.looseObject({ id: transferId, transfer: transferId, size: z.int().nonnegative() }))
    .max(1_000),
  next: z.string().max(64).optional(),
})

export interface FetchReport {
  readonly fetched: number
  /** In the folder already: a crosswalk never changes. */
  readonly known: number
}

/** Brings what the folder lacks. Each file is there whole or not at all, so a broken run goes on where it stopped. */
export async function fetchCrosswalks(
  client: GatewayClient,
  folder: string,
  transfer: string | undefined,
  signal: AbortSignal,
): Promise<FetchReport> {
  await makeFolder(folder)
  const present = new Set(await readdir(folder))
  let [fetched, known] = [0, 0]
  for (let start: string | undefined, isFirst = true; isFirst || start !== undefined;) {
    isFirst = false
    const search = new URLSearchParams({
      limit: '1000',
      ...(transfer !== undefined && { transfer }),
      ...(start !== undefined && { start }),
    })
    const answer = await client.json({ path: `/v1/crosswalk?${search.toString()}` })
    const page = parseAnswer(listAnswer, answer)
    for (const { id } of page.crosswalks) {
      signal.throwIfAborted()
      if (present.has(`${id}.pgp`)) {
        known += 1
        continue
      }
      const sealed = bodyOf(await client.open({ path: `/v1/crosswalk/${id}` }))
      await writeWhole(join(folder, `${id}.pgp`), sealed)
      fetched += 1
    }
    start = page.next
  }
  return { fetched, known }
}

const uid = z.string().regex(/^[^\\\0]{1,128}$/)
const text = z.string().max(100_000)
/** It becomes part of a pattern. */
const code = z.string().regex(/^[A-Z0-9]{1,16}$/)
const number = z.int().positive()

const LINE: z.ZodType<CrosswalkLine> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('crosswalk'),
    v: z.literal(1),
    gateway: text,
    facility: text,
    transfer: transferId,
    envelope: transferId,
    key: text,
    profile: text,
    createdAt: z.iso.datetime(),
  }),
  z.object({
    type: z.literal('patient'),
    code,
    shiftSeconds: z.int(),
    patientId: text,
    issuer: text,
    patientName: text,
    birthDate: text,
  }),
  z.object({ type: z.literal('uids'), pairs: z.array(z.tuple([uid, uid])).max(1_000) }),
  z.object({ type: z.literal('element'), n: number, set: text, bytes: z.base64().max(1 << 20) }),
  z.object({ type: z.literal('forget') }),
  z.object({
    type: z.literal('item'),
    study: uid,
    series: uid,
    instance: uid,
    code,
    elements: z.array(number).max(20_000),
    omitted: z.array(text).max(20_000),
  }),
])

/**
 * Every line of every crosswalk in the folder, oldest request first. One that none of the keys opens is told to `skip`
 * and passed over: it may belong to a key of earlier years.
 *
 * @throws CommandError `file_unreadable`, `no_crosswalk`, `cannot_open` when no key opens any
 */
export async function* readCrosswalks(
  folder: string,
  keys: readonly PrivateKey[],
  skip: (file: string) => void,
): AsyncGenerator<CrosswalkLine> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, error)
  })
  const files = names.filter((name) => name.endsWith('.pgp')).sort()
  if (files.length === 0) throw noCrosswalk(folder)
  let opened = 0
  for (const name of files) {
    const path = join(folder, name)
    const lines = linesOf(openMessage(readMessageFile(path), keys, { ciphers: nodeCiphers }))
    // Nothing is given out before the first line has come: until then another key may be the right one.
    const first = await lines.next().catch((error: unknown) => about(path, error))
    if (!isStep(first)) {
      skip(path)
      continue
    }
    opened += 1
    if (first.done === true) continue
    yield parse(path, first.value)
    for await (const line of lines) yield parse(path, line)
  }
  if (opened === 0)
    throw new CommandError('none of the crosswalks is sealed to this key', {
      code: 'cannot_open',
      hint: "give the facility's private key; give --key several times for keys of earlier years",
    })
}

const isStep = (step: unknown): step is IteratorResult<string> =>
  typeof step === 'object' && step !== null && 'done' in step

async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of content) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARS) throw new RangeError('the line is too long')
    yield* lines
  }
  if (rest !== '') throw new RangeError('the last line is cut')
}

function parse(path: string, line: string): CrosswalkLine {
  const parsed = LINE.safeParse(JSON.parse(line))
  // The cause would quote the line.
  if (parsed.success) return parsed.data
  throw new CommandError(`this is not a crosswalk: ${path}`, {
    code: 'no_crosswalk',
    hint: 'fetch it anew with: nocturne crosswalk fetch',
  })
}

const noCrosswalk = (folder: string) =>
  new CommandError(`there is no crosswalk in ${folder}`, {
    code: 'no_crosswalk',
    hint: 'fetch them first: nocturne crosswalk fetch --out DIR',
  })
