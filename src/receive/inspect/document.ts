/**
 * What a document must be to reach a reader: of a type that the facility allows, without content
 * that acts when it is opened, and clean according to the site's scanner, if there is one.
 */
import { NocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { watchActive } from './active.js'
import { beginScan } from './clamav.js'
import type { ScannerAddress } from './clamav.js'

/** Types that programs open without running anything. `image/*` allows all of a kind. */
export const DOCUMENT_TYPES: readonly string[] = [
  'application/pdf',
  'application/rtf',
  'text/rtf',
  'text/plain',
  'text/csv',
  'application/json',
  'application/xml',
  'text/xml',
  'application/hl7-v2',
  'x-application/hl7-v2+er7',
  'image/png',
  'image/jpeg',
  'image/tiff',
  'image/gif',
  'image/bmp',
  'image/webp',
  'image/jp2',
  'image/heic',
  'audio/*',
  'video/*',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.oasis.opendocument.text',
]

export interface DocumentRules {
  readonly types: readonly string[]
  readonly scanner: ScannerAddress | undefined
  /** Findings that the facility vouches for. */
  readonly waived: readonly Code[]
}

/**
 * Passes the document on as it is examined. A finding ends it, after its last octet, with an error,
 * so that it is held whole: nobody is to be shown half of it.
 *
 * @throws NocturneError `document_type`, `document_active`, `document_unexamined`,
 *   `document_infected`, `document_unscanned`
 */
export async function* inspectDocument(
  bytes: AsyncIterable<Buffer>,
  mediaType: string,
  { types, scanner, waived }: DocumentRules,
): AsyncGenerator<Buffer> {
  const findings = new Set<Code>()
  if (!isAllowed(mediaType, types)) findings.add('document_type')
  const scan = scanner && beginScan(scanner)
  try {
    const watched = watchActive(bytes, mediaType, (what) => {
      if (what === 'active') findings.add('document_active')
      else if (what === 'unexamined') findings.add('document_unexamined')
      else if (!isAllowed('text/html', types)) findings.add('document_type')
    })
    for await (const chunk of watched) {
      await scan?.push(chunk)
      yield chunk
    }
    const verdict = await scan?.end()
    if (verdict === 'infected') findings.add('document_infected')
    if (verdict === 'failed') findings.add('document_unscanned')
  } finally {
    scan?.abandon()
  }
  // The most serious one names the reason.
  const found = SERIOUS_FIRST.find((code) => findings.has(code) && !waived.includes(code))
  if (found) throw new NocturneError(found)
}

const SERIOUS_FIRST: readonly Code[] = [
  'document_infected',
  'document_active',
  'document_unexamined',
  'document_type',
  'document_unscanned',
]

const isAllowed = (mediaType: string, types: readonly string[]): boolean =>
  types.some((one) =>
    one.endsWith('/*') ? mediaType.startsWith(one.slice(0, -1)) : mediaType === one,
  )
