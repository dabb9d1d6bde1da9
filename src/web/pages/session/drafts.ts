/**
 * Drafts of reports, kept by the browser. Each is sealed to its writer's own certificate before it
 * gets here, so that the profile on disk holds nothing that can be read without the key.
 */
import { bytesOfBase64 } from '../../../lib/bytes.js'
import type { KeyWorker } from '../keys/key-worker-handle.js'

const PREFIX = 'nocturne-draft/'
/** A draft that is older is of a case that is long reported. */
const KEPT_MS = 14 * 86_400_000

interface Kept {
  readonly savedAt: number
  /** Base64. */
  readonly message: string
}

const nameOf = (writer: string, caseId: string): string => `${PREFIX}${writer}/${caseId}`

export async function keepDraft(
  keys: KeyWorker,
  { writer, caseId, text }: { writer: string; caseId: string; text: string },
): Promise<void> {
  const { message } = await keys.ask({ do: 'seal draft', text })
  const kept: Kept = { savedAt: Date.now(), message }
  localStorage.setItem(nameOf(writer, caseId), JSON.stringify(kept))
}

/** Undefined without a draft, or for one that this key does not open. */
export async function readDraft(
  keys: KeyWorker,
  writer: string,
  caseId: string,
): Promise<string | undefined> {
  const kept = parse(localStorage.getItem(nameOf(writer, caseId)))
  if (!kept) return undefined
  try {
    const sealed = bytesOfBase64(kept.message)
    return (await keys.ask({ do: 'open draft', sealed })).text
  } catch {
    return undefined
  }
}

export const forgetDraft = (writer: string, caseId: string): void =>
  localStorage.removeItem(nameOf(writer, caseId))

/** Libraries of the viewer keep their log level and what the graphics card can do. */
export function forgetAllButDrafts(): void {
  for (const name of Object.keys(localStorage)) {
    const kept = name.startsWith(PREFIX) ? parse(localStorage.getItem(name)) : undefined
    if (!kept || kept.savedAt < Date.now() - KEPT_MS) localStorage.removeItem(name)
  }
}

function parse(text: string | null): Kept | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    const isKept =
      typeof value === 'object' &&
      value !== null &&
      'savedAt' in value &&
      typeof value.savedAt === 'number' &&
      'message' in value &&
      typeof value.message === 'string'
    return isKept
      ? { savedAt: value.savedAt as number, message: value.message as string }
      : undefined
  } catch {
    return undefined
  }
}
