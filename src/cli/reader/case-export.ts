/** A copy of a case for teaching or research, made from opened files on the reader's machine. */
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { caseAnswer, caseView } from '../../protocol/http/cases.js'
import type { CaseAnswer } from '../../protocol/http/cases.js'
import { CommandError, usageError } from '../command-error.js'
import { deidentifyFiles } from '../facility/local-deidentify.js'
import type { ItemReport } from '../facility/local-deidentify.js'
import { readProfile } from '../facility/profile-file.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import type { Output } from '../output.js'
import { accountFor } from '../sender/left-out.js'
import type { LocalFile } from '../sender/files.js'

export interface CaseExport {
  /** Folder into which `nocturne pull` opened the case. */
  readonly from: string
  readonly profile: string
  readonly out: string
}

export interface Exported {
  readonly answer: CaseAnswer
  readonly reports: AsyncGenerator<ItemReport>
  /** Opened files that are not DICOM: they are not copied. */
  readonly documents: number
}

/** What `pull` writes beside the opened items. */
const RECORDS: ReadonlySet<string> = new Set([
  'manifest.json',
  'receipt.tlog-proof',
  'receipts.ndjson',
])

/**
 * The copy is recorded before it is made. It keeps no link to the patient or to the study at the
 * gateway.
 *
 * @throws CommandError `not_opened`, `usage` for a profile that keeps a link; errors of the gateway
 */
export async function exportCase(
  client: GatewayClient,
  name: string,
  { from, profile: named, out }: CaseExport,
  output: Output,
): Promise<Exported> {
  const profile = await readProfile(named)
  if (profile.links !== 'transfer')
    throw usageError(
      `the profile ${profile.name} keeps a link to the patient`,
      'choose a profile with links: transfer, such as strip',
    )
  const view = parseAnswer(caseView, await client.json({ path: `/v1/cases/${name}` }))
  const files: LocalFile[] = []
  for (const { id } of view.transfers) files.push(...(await opened(join(from, id), output)))
  const images = files.filter(({ path }) => path.endsWith('.dcm'))
  if (images.length === 0)
    throw new CommandError(`no image of ${view.code} was opened in ${from}`, {
      code: 'not_opened',
      hint: `open it first: nocturne pull ${view.transfers[0]?.id ?? 'ID'} --out ${from}`,
    })
  const copy = { profile: `${profile.name}/${profile.version}`, items: images.length }
  const answer = parseAnswer(caseAnswer, await client.post(`/v1/cases/${view.id}/export`, copy))
  const reports = deidentifyFiles(images, {
    ...{ profile: named, out, output },
    secretFile: undefined,
    encryptedAttributes: undefined,
    isTextSought: undefined,
  })
  return { answer, reports, documents: files.filter(isDocument).length }
}

const isDocument = ({ path }: LocalFile): boolean =>
  !path.endsWith('.dcm') && !RECORDS.has(basename(path))

/** Nothing for a transfer that was not opened: another one of the case may have been. */
async function opened(folder: string, output: Output): Promise<readonly LocalFile[]> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  )
  return isThere ? (await accountFor([folder], output)).files : []
}
