/**
 * A witness (c2sp.org/tlog-witness): cosigns checkpoints of the logs it knows, provided each
 * extends the previous one. It remembers one checkpoint per log, and stores it before it answers.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { concat } from '../../lib/bytes.js'
import { parseCheckpoint } from '../verify/checkpoint.js'
import type { Checkpoint } from '../verify/checkpoint.js'
import {
  cosignatureInput,
  cosignerIdInput,
  formatCosignature,
  formatCosignerKey,
} from './cosignature.js'
import { isSameBytes, parseCount, toBase64 } from '../verify/encoding.js'
import { verifyConsistency } from '../verify/inclusion.js'
import { nodeCrypto, sha256 } from '../verify/node-crypto.js'
import { isKeyName, parseNote, parseVerifierKey, verifyNote } from '../verify/note.js'
import type { VerifierKey } from '../verify/note.js'
import { parsePath } from '../verify/proof.js'

/** The newest checkpoint cosigned for each log, by the log's origin. */
export interface WitnessMemory {
  /**
   * @throws NocturneError if it cannot be read; then nothing is cosigned
   */
  read(origin: string): Promise<string | undefined>
  /** Durable when it resolves. */
  write(origin: string, signed: string): Promise<void>
}

export interface Witness {
  readonly verifierKey: string
  /** Handles the body of a request to `add-checkpoint`. */
  addCheckpoint(body: string): Promise<WitnessAnswer>
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly type: 'text/plain; charset=utf-8' | 'text/x.tlog.size'
  readonly body: string
}

export interface WitnessOptions {
  readonly name: string
  /** Ed25519 private key as PKCS #8 in PEM. */
  readonly signingKey: string
  /** Verifier keys of the logs; each key's name is the log's origin. */
  readonly logs: readonly string[]
  readonly memory: WitnessMemory
  readonly now: () => number
}

/**
 * @throws NocturneError `site_invalid` for a key or name that a witness cannot have
 */
export async function createWitness(options: WitnessOptions): Promise<Witness> {
  const { name, memory, now } = options
  const privateKey = createPrivateKey(options.signingKey)
  const own = cosignerOf(name, options.signingKey)
  const logs = new Map<string, VerifierKey[]>()
  for (const text of options.logs) {
    const key = await parseVerifierKey(text, nodeCrypto)
    if (!key) throw new NocturneError('site_invalid', { subject: 'a log of the witness' })
    logs.set(key.name, [...(logs.get(key.name) ?? []), key])
  }

  /**
   * Handles one request per log at a time, so that what was checked still holds when it is written.
   */
  const turns = new Map<string, Promise<unknown>>()
  const inTurn = <T>(origin: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(origin) ?? Promise.resolve()).then(work, work)
    turns.set(origin, mine)
    return mine
  }

  const cosign = (text: string): string => {
    const time = Math.floor(now() / 1_000)
    const signature = sign(null, cosignatureInput(time, text), privateKey)
    const bytes = concat([own.id, formatCosignature(time, signature)])
    return `\u2014 ${name} ${toBase64(bytes)}\n`
  }

  const extend = async (
    { oldSize, path, signed, text }: Submission,
    checkpoint: Checkpoint,
  ): Promise<WitnessAnswer> => {
    const known = await readKnown(memory, checkpoint.origin, logs.get(checkpoint.origin) ?? [])
    const latest = known?.size ?? 0
    if (oldSize !== latest) return conflict(latest)
    if (known && checkpoint.size === latest && !isSameBytes(known.root, checkpoint.root))
      return conflict(latest)
    if (oldSize === 0 && path.length > 0) return refuse(422, 'the proof must be empty')
    const older = known ?? { size: 0, root: sha256(new Uint8Array()) }
    if (!(await verifyConsistency(nodeCrypto, older, checkpoint, path)))
      return refuse(422, 'the consistency proof does not verify')
    // If the witness crashes after this, it has stored more than it has answered: it then answers
    // 409 with its size, and the log continues from there.
    if (checkpoint.size !== latest || !known) await memory.write(checkpoint.origin, signed)
    return { status: 200, type: 'text/plain; charset=utf-8', body: cosign(text) }
  }

  return {
    verifierKey: formatCosignerKey(own),
    addCheckpoint: async (body) => {
      const submission = parseSubmission(body)
      if (!submission) return refuse(400, 'this is not a request to add a checkpoint')
      const note = parseNote(submission.signed)
      const checkpoint = note && parseCheckpoint(note.text)
      if (!checkpoint) return refuse(400, 'this is not a checkpoint')
      const keys = logs.get(checkpoint.origin)
      if (!keys) return refuse(404, 'this witness does not know that log')
      const verdicts = await Promise.all(keys.map((key) => verifyNote(note, key, nodeCrypto)))
      if (!verdicts.includes(true)) return refuse(403, 'there is no valid signature by that log')
      if (submission.oldSize > checkpoint.size)
        return refuse(400, 'the old size is larger than the checkpoint')
      return inTurn(checkpoint.origin, () => extend({ ...submission, text: note.text }, checkpoint))
    },
  }
}

/**
 * Makes a new key for a witness with that name.
 * @throws NocturneError `site_invalid`
 */
export function newWitnessKey(name: string): {
  readonly privateKey: string
  readonly verifierKey: string
} {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { privateKey: pem, verifierKey: formatCosignerKey(cosignerOf(name, pem)) }
}

function cosignerOf(name: string, pem: string): VerifierKey {
  if (!isKeyName(name)) throw new NocturneError('site_invalid', { subject: 'witness name' })
  const { x } = createPublicKey(pem).export({ format: 'jwk' })
  const publicKey = Buffer.from(x ?? '', 'base64url')
  if (publicKey.length !== 32) throw new NocturneError('site_invalid', { subject: 'witness key' })
  return { name, publicKey, id: sha256(cosignerIdInput(name, publicKey)).subarray(0, 4) }
}

interface Submission {
  readonly oldSize: number
  readonly path: readonly Uint8Array[]
  /** The checkpoint with its signatures. */
  readonly signed: string
  /** The checkpoint without signatures. */
  readonly text: string
}

/** `old N`, hashes, an empty line, the checkpoint. */
function parseSubmission(body: string): Omit<Submission, 'text'> | undefined {
  const split = body.indexOf('\n\n')
  if (split < 0) return undefined
  const [old = '', ...lines] = body.slice(0, split).split('\n')
  const oldSize = old.startsWith('old ') ? parseCount(old.slice(4)) : undefined
  const path = parsePath(lines)
  if (oldSize === undefined || !path) return undefined
  return { oldSize, path, signed: body.slice(split + 2) }
}

/**
 * The checkpoint cosigned last. If the log's key did not sign it, the memory was tampered with, and
 * the witness stops serving this log.
 */
async function readKnown(
  memory: WitnessMemory,
  origin: string,
  keys: readonly VerifierKey[],
): Promise<Checkpoint | undefined> {
  const signed = await memory.read(origin)
  if (signed === undefined) return undefined
  const note = parseNote(signed)
  const checkpoint = note && parseCheckpoint(note.text)
  const verdicts = note
    ? await Promise.all(keys.map((key) => verifyNote(note, key, nodeCrypto)))
    : []
  if (checkpoint?.origin !== origin || !verdicts.includes(true))
    throw new NocturneError('file_unreadable', { subject: `the stored state for ${origin}` })
  return checkpoint
}

const refuse = (status: 400 | 403 | 404 | 422, reason: string): WitnessAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${reason}\n`,
})

const conflict = (size: number): WitnessAnswer => ({
  status: 409,
  type: 'text/x.tlog.size',
  body: `${size}\n`,
})
