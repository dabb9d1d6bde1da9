/** Runs the room on bytes and collects the output. */
import {
  deidentify,
  type DeidentifyContext,
  type ElementReport,
  type InstanceFacts,
} from '../../src/deidentify/index.js'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/profile.js'
import { type WayBack } from '../../src/deidentify/identity/way-back.js'
import type { Steps } from '../../src/lib/pace.js'
import { NocturneError } from '../../src/lib/errors.js'
import { rawDeflate } from '../../src/lib/raw-deflate.js'
import type { ReceivedInstance } from '../../src/receive/index.js'

export const SECRET = Buffer.alloc(32, 7)

export const contextFor = (
  profile: keyof typeof BUILT_IN_PROFILES = 'pseudonymize',
  changes: Partial<DeidentifyContext> = {},
): DeidentifyContext => ({
  profile: BUILT_IN_PROFILES[profile],
  secret: SECRET,
  transfer: '01890000-0000-7000-8000-000000000000',
  pseudonymOf: () => Promise.resolve({ code: 'N0CTURNEC0DE', shiftSeconds: -100 * 86400 }),
  headerBytes: 16 * 1024 * 1024,
  // Finds no text in blanked images, and clears no others.
  textDetector: { clears: false, threads: 1, readWords: () => Promise.resolve([]) },
  rawDeflate,
  ...changes,
})

/** The same profile with another setting for burned-in names. */
export const withPixels = (
  pixels: 'blank' | 'quarantine' | 'pass',
  context: DeidentifyContext = contextFor(),
): DeidentifyContext => ({ ...context, profile: { ...context.profile, pixels } })

export interface Ran {
  readonly bytes: Buffer
  readonly report: readonly ElementReport[]
  readonly facts: InstanceFacts
  readonly wayBack: WayBack | undefined
}

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size))
  }
}

export const received = (bytes: AsyncIterable<Buffer>): ReceivedInstance =>
  ({ kind: 'instance', bytes }) as Partial<ReceivedInstance> as ReceivedInstance

export async function run(
  input: Buffer,
  context: DeidentifyContext = contextFor(),
  chunkBytes = 65536,
): Promise<Ran> {
  const { report, facts, wayBack, bytes } = await deidentify(
    received(chunked(input, chunkBytes)),
    context,
  )
  const parts: Buffer[] = []
  for await (const part of bytes) parts.push(Buffer.from(part))
  return { bytes: Buffer.concat(parts), report, facts, wayBack }
}

/** Runs steps without pausing between them. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/**
 * The code of the failure, or undefined if it was accepted. Errors other than NocturneError are
 * rethrown.
 */
export async function codeOf(
  input: Buffer,
  context?: DeidentifyContext,
): Promise<string | undefined> {
  try {
    await run(input, context)
    return undefined
  } catch (error) {
    if (error instanceof NocturneError) return error.code
    throw error
  }
}
