/** The signed manifest, as far as opened items are compared with it. */
import { recordOf } from './dumped-transfer.js'

export interface Content {
  readonly sha256: string
  readonly size: number
}

export interface NamedItem {
  readonly index: number
  readonly plaintext: Content
  readonly ciphertext: Content
}

/** By number; undefined for what is no manifest of this transfer, or names an item twice. */
export function readManifest(
  bytes: Uint8Array,
  transfer: string,
): ReadonlyMap<number, NamedItem> | undefined {
  const json = parse(bytes)
  if (json?.v !== 1 || json.transfer !== transfer || !Array.isArray(json.items)) return undefined
  const named = new Map<number, NamedItem>()
  for (const one of json.items as readonly unknown[]) {
    const { index, plaintext, ciphertext } = recordOf(one) ?? {}
    const [plain, sealed] = [contentOf(plaintext), contentOf(ciphertext)]
    if (typeof index !== 'number' || !plain || !sealed || named.has(index)) return undefined
    named.set(index, { index, plaintext: plain, ciphertext: sealed })
  }
  return named.size > 0 ? named : undefined
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return recordOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch {
    return undefined
  }
}

function contentOf(value: unknown): Content | undefined {
  const { sha256, size } = recordOf(value) ?? {}
  return typeof sha256 === 'string' && typeof size === 'number' ? { sha256, size } : undefined
}
