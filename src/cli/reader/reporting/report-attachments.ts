/** Files attached to a report: PDF, DICOM and key images. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ReportDocument } from '../../../protocol/report.js'
import { MAX_REPORT_BYTES } from '../../../protocol/report.js'
import { CommandError, fileError } from '../../command-error.js'

type Attachment = ReportDocument['attachments'][number]

const KINDS: readonly {
  readonly mediaType: Attachment['mediaType']
  readonly at: number
  readonly magic: string
}[] = [
  { mediaType: 'application/pdf', at: 0, magic: '25504446' },
  { mediaType: 'image/png', at: 0, magic: '89504e470d0a1a0a' },
  { mediaType: 'image/jpeg', at: 0, magic: 'ffd8ff' },
  { mediaType: 'application/dicom', at: 128, magic: '4449434d' },
]

/**
 * @throws CommandError `file_unreadable`
 * @throws CommandError `report_too_large` for more than fits in one report
 * @throws CommandError `attachment_type` for a file of any other kind
 */
export async function readAttachments(paths: readonly string[]): Promise<readonly Attachment[]> {
  const attachments: Attachment[] = []
  let total = 0
  for (const path of paths) {
    const { size } = await stat(path).catch((error: unknown) => {
      throw fileError(path, error)
    })
    total += size
    // Sealing and base64 increase the size.
    if (total > MAX_REPORT_BYTES / 2) throw tooLarge()
    const bytes = await readFile(path).catch((error: unknown) => {
      throw fileError(path, error)
    })
    attachments.push({
      name: basename(path).slice(0, 200),
      mediaType: mediaTypeOf(path, bytes),
      sha256: createHash('sha256').update(bytes).digest('hex'),
      content: bytes.toString('base64'),
    })
  }
  return attachments
}

function mediaTypeOf(path: string, bytes: Buffer): Attachment['mediaType'] {
  const kind = KINDS.find(
    ({ at, magic }) => bytes.toString('hex', at, at + magic.length / 2) === magic,
  )
  if (kind) return kind.mediaType
  throw new CommandError(`cannot attach ${path}: it is not PDF, DICOM, PNG or JPEG`, {
    code: 'attachment_type',
    hint: 'convert it to PDF, or put its text into the report',
  })
}

const tooLarge = () =>
  new CommandError('the attachments are too large for a report', {
    code: 'report_too_large',
    hint: 'attach at most 2.5 MB together; send images as a study',
  })
