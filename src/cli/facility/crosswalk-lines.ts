/**
 * Opens the sealed crosswalks in a folder line by line on the facility's machine and checks their
 * signatures.
 */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  crosswalkStatement,
  MAX_LINE_CHARS,
  readCrosswalkLine,
} from '../../protocol/crosswalk-lines.js'
import type {
  CrosswalkHead,
  CrosswalkLine,
  CrosswalkSignature,
} from '../../protocol/crosswalk-lines.js'
import { nodeCiphers } from '../../seal/index.js'
import { inspectCertificate, verifyDetached } from '../../seal/keys/index.js'
import { openMessage } from '../../seal/open/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { about, CommandError, fileError } from '../command-error.js'
import { readMessageFile } from '../reader/message-file.js'
import { readSmallText } from '../secret-file.js'

/** Gateways whose crosswalks are trusted, and a callback for each crosswalk they signed. */
export interface Trust {
  /**
   * The only certificate to trust; without it, those that `fetch` saved in the folder are trusted.
   */
  readonly certificateFile: string | undefined
  readonly signed: (gateway: string, fingerprint: string) => void
}

/**
 * Every line of every crosswalk in the folder, oldest request first. One that none of the keys
 * opens is reported to `skip` and passed over: it may belong to a key of earlier years.
 *
 * The signature of a crosswalk is at its end: a caller that writes anything based on its lines
 * reads all of them first.
 *
 * @throws CommandError `file_unreadable`, `no_crosswalk`, `crosswalk_not_signed`,
 * `not_sealed_to_key` when no key opens any
 */
export async function* readCrosswalks(
  folder: string,
  keys: readonly PrivateKey[],
  skip: (file: string) => void,
  trust: Trust,
): AsyncGenerator<CrosswalkLine> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, error)
  })
  const files = names.filter((name) => name.endsWith('.pgp')).sort()
  if (files.length === 0) throw noCrosswalk(folder)
  const certificates = await readCertificates(folder, names, trust)
  let opened = 0
  for (const name of files) {
    const path = join(folder, name)
    const lines = linesOf(openMessage(readMessageFile(path), keys, { ciphers: nodeCiphers }))
    // Nothing is yielded before the first line has been read: until then another key may be the
    // right one.
    const first = await lines.next().catch((error: unknown) => about(path, error))
    if (!isStep(first)) {
      skip(path)
      continue
    }
    opened += 1
    if (first.done === true) throw noCrosswalkIn(path)
    const signer = yield* signedLines(path, first.value, lines, certificates)
    trust.signed(signer.gateway, signer.fingerprint)
  }
  if (opened === 0)
    throw new CommandError('none of the crosswalks is sealed to this key', {
      code: 'not_sealed_to_key',
      hint: "give the facility's private key; repeat --key for keys of earlier years",
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
  if (rest !== '') throw new RangeError('the last line is truncated')
}

/** More certificates than a gateway has had over the years. */
const MAX_CERTIFICATES = 100
/** Tolerance for the gateway's clock between statement and signature. */
const CLOCK_SKEW_MS = 5 * 60_000

async function readCertificates(
  folder: string,
  names: readonly string[],
  { certificateFile }: Trust,
): Promise<readonly string[]> {
  const kept = names.filter((name) => /^gateway-[0-9a-f]+\.asc$/.test(name))
  const files =
    certificateFile === undefined ? kept.map((name) => join(folder, name)) : [certificateFile]
  return Promise.all(files.slice(0, MAX_CERTIFICATES).map((file) => readSmallText(file)))
}

/** The lines of one crosswalk without its signature, which is checked after the last line. */
async function* signedLines(
  path: string,
  first: string,
  rest: AsyncIterable<string>,
  certificates: readonly string[],
): AsyncGenerator<CrosswalkLine, { readonly gateway: string; readonly fingerprint: string }> {
  const hash = createHash('sha256').update(`${first}\n`)
  const head = parse(path, first)
  if (head.type !== 'crosswalk') throw noCrosswalkIn(path)
  yield head
  let last: CrosswalkSignature | undefined
  for await (const text of rest) {
    const line = parse(path, text)
    // Nothing may follow the signature.
    if (last || line.type === 'crosswalk') throw noCrosswalkIn(path)
    if (line.type === 'signature') {
      last = line
      continue
    }
    hash.update(`${text}\n`)
    yield line
  }
  const fingerprint = last && (await signerOf(head, hash.digest('hex'), last, certificates))
  if (fingerprint === undefined)
    throw new CommandError(
      `this crosswalk is not signed by a gateway known on this machine: ${path}`,
      {
        code: 'crosswalk_not_signed',
        hint: "ask the operator for the gateway's certificate of that time and give it with --gateway-certificate; if that fails too, do not trust the file",
      },
    )
  return { gateway: head.gateway, fingerprint }
}

/** Checked as of the time of signing: the key may have expired since. */
async function signerOf(
  head: CrosswalkHead,
  sha256: string,
  { signedAt, signature }: CrosswalkSignature,
  certificates: readonly string[],
): Promise<string | undefined> {
  const statement = crosswalkStatement(head, sha256, signedAt)
  const then = new Date(Date.parse(signedAt) + CLOCK_SKEW_MS)
  for (const certificate of certificates)
    if (await verifyDetached(statement, signature, certificate, then))
      return (await inspectCertificate(certificate, new Date())).fingerprint
  return undefined
}

function parse(path: string, line: string): CrosswalkLine | CrosswalkSignature {
  const read = readCrosswalkLine(line)
  if (!read) throw noCrosswalkIn(path)
  return read
}

const noCrosswalkIn = (path: string) =>
  new CommandError(`this is not a crosswalk: ${path}`, {
    code: 'no_crosswalk',
    hint: 'fetch it again with: nocturne crosswalk fetch',
  })

const noCrosswalk = (folder: string) =>
  new CommandError(`there is no crosswalk in ${folder}`, {
    code: 'no_crosswalk',
    hint: 'fetch them first: nocturne crosswalk fetch --out DIR',
  })
