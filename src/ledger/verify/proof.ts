/** c2sp.org/tlog-proof@v1: an entry's index, its inclusion proof and a checkpoint, in one text. */
import { fromBase64, parseCount, toBase64 } from './encoding.js'

export const PROOF_HEADER = 'c2sp.org/tlog-proof@v1'

/** Height of a tree of 2^53 leaves. */
export const MAX_PATH = 53
/** Enough for an entry of 32 KiB in base64, plus the longest path and note. */
const MAX_PROOF_CHARACTERS = 256 * 1024

export interface LogProof {
  /**
   * Opaque to the format and not authenticated by it. Ours contains the entry, which the proof then
   * shows to be logged.
   */
  readonly extra?: Uint8Array
  readonly index: number
  readonly path: readonly Uint8Array[]
  /** The checkpoint as a signed note. */
  readonly checkpoint: string
}

export function formatProof({ extra, index, path, checkpoint }: LogProof): string {
  const lines = [
    PROOF_HEADER,
    ...(extra ? [`extra ${toBase64(extra)}`] : []),
    `index ${index}`,
    ...path.map(toBase64),
    '',
    checkpoint,
  ]
  return lines.join('\n')
}

/** Undefined for anything that is not a tlog-proof. Does not verify it. */
export function parseProof(text: string): LogProof | undefined {
  if (text.length > MAX_PROOF_CHARACTERS) return undefined
  const split = text.indexOf('\n\n')
  if (split < 0) return undefined
  const [header, ...lines] = text.slice(0, split).split('\n')
  if (header !== PROOF_HEADER) return undefined
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines[0].slice(6)) : undefined
  if (lines[0]?.startsWith('extra ')) {
    if (!extra) return undefined
    lines.shift()
  }
  const first = lines.shift()
  const index = first?.startsWith('index ') ? parseCount(first.slice(6)) : undefined
  const path = parsePath(lines)
  if (index === undefined || !path) return undefined
  return { ...(extra && { extra }), index, path, checkpoint: text.slice(split + 2) }
}

/** Decodes hashes from base64; undefined if any line is not one. */
export function parsePath(lines: readonly unknown[]): readonly Uint8Array[] | undefined {
  if (lines.length > MAX_PATH) return undefined
  const path: Uint8Array[] = []
  for (const line of lines) {
    const hash = typeof line === 'string' ? fromBase64(line) : undefined
    if (hash?.length !== 32) return undefined
    path.push(hash)
  }
  return path
}
