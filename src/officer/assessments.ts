/**
 * Exports a stored assessment, for the server and for a command that works on the site's own files.
 */
import { readFile } from 'node:fs/promises'
import { assessmentCsv, assessmentPdf, assessmentWorkbook } from '../compliance/exports/index.js'
import { compare } from '../compliance/index.js'
import { oscalFiles } from '../compliance/oscal/index.js'
import type { Compliance } from '../compliance/index.js'
import type { LedgerProof } from '../compliance/oscal/index.js'
import type { PdfContext } from '../compliance/exports/index.js'
import { NocturneError } from '../lib/errors.js'
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import { zipOf } from '../lib/zip.js'
import type { ZipMember } from '../lib/zip.js'
import type { Actor, EventType } from '../ledger/log/index.js'
import { exportPackage, VERIFY_PAGE } from './ledger-package.js'
import type { PackageRooms } from './ledger-package.js'

export const ASSESSMENT_FORMATS = ['json', 'pdf', 'csv', 'xlsx', 'oscal', 'pack'] as const
export type AssessmentFormat = (typeof ASSESSMENT_FORMATS)[number]

/** The ledger entries included in the pack: everything that compliance recorded. */
const RECORDED: readonly EventType[] = [
  'assessment.made',
  'statement.made',
  'action.planned',
  'action.done',
  'register.added',
  'register.ended',
  'ledger.reviewed',
  'backup.made',
  'drill.run',
]

export interface AssessmentRooms extends PackageRooms {
  readonly compliance: Pick<Compliance, 'desk'>
}

/**
 * Records the export, then returns its files.
 *
 * @param id of an assessment; the newest one if omitted.
 * @throws NocturneError `not_found`, `ledger_unavailable`
 */
export async function exportAssessment(
  rooms: AssessmentRooms,
  actor: Actor,
  { id, format }: { readonly id: string | undefined; readonly format: AssessmentFormat },
): Promise<readonly ZipMember[]> {
  const { desk } = rooms.compliance
  const [newest, earlier] = await desk.assessments(id === undefined ? 2 : 1)
  const kept = id === undefined ? newest : await desk.assessment(id)
  if (!kept) throw new NocturneError('not_found')
  const detail = { what: 'assessment', assessment: kept.id, format }
  await rooms.ledger.note({ type: 'ledger.exported', outcome: 0, actor, detail })
  const event = await eventOf(rooms, kept.id)
  const { assessment } = kept
  const context: PdfContext = {
    ...{ ledgerKey: rooms.ledger.verifierKey, event, madeBy: kept.madeBy },
    ...(earlier?.profile === kept.profile && {
      differences: {
        since: earlier.assessment.at,
        rows: compare(earlier.assessment, assessment),
      },
    }),
  }
  const document = canonicalJson(assessment as unknown as Json)
  const files = {
    json: () => [{ name: 'assessment.json', content: once(document) }],
    pdf: () => [{ name: 'assessment.pdf', content: assessmentPdf(assessment, context) }],
    csv: () => [{ name: 'assessment.csv', content: once(assessmentCsv(assessment)) }],
    xlsx: () => [{ name: 'assessment.xlsx', content: zipOf(assessmentWorkbook(assessment)) }],
    oscal: async () => {
      const entries = assessment.observations.flatMap(({ evidence }) => evidence.entries)
      return oscalFiles(assessment, await proofsOf(rooms, [event, ...entries])).map((file) => ({
        name: file.name,
        content: once(`${JSON.stringify(file.document, undefined, 2)}\n`),
      }))
    },
  }
  if (format !== 'pack') return files[format]()
  return [
    { name: 'README.txt', content: once(readme(kept.id, event)) },
    { name: 'verify.html', content: once(await readFile(VERIFY_PAGE)) },
    { name: 'ledger.zip', content: await exportPackage(rooms, actor, { types: RECORDED }, 'csv') },
    ...files.json(),
    ...files.pdf(),
    ...files.csv(),
    ...files.xlsx(),
    ...(await files.oscal()),
  ]
}

/** Index of the event that records the assessment. */
async function eventOf({ ledger }: AssessmentRooms, id: string): Promise<number> {
  let start: number | undefined = 0
  while (start !== undefined) {
    const page: Awaited<ReturnType<typeof ledger.query>> = await ledger.query({
      ...{ types: ['assessment.made'], start, limit: 1_000 },
    })
    const found = page.rows.find(({ entry }) => entry.related === id)
    if (found) return found.index
    start = page.next
  }
  throw new NocturneError('ledger_broken')
}

/** An entry pruned under the policy no longer has a proof, and is left out. */
async function proofsOf(
  { ledger }: AssessmentRooms,
  indices: readonly number[],
): Promise<readonly LedgerProof[]> {
  const proofs: LedgerProof[] = []
  for (const index of new Set(indices)) {
    const proof = await ledger.proof(index).catch(() => undefined)
    if (proof !== undefined) proofs.push({ index, proof })
  }
  return proofs
}

async function* once<T>(content: T): AsyncGenerator<T> {
  await Promise.resolve()
  yield content
}

const readme = (id: string, event: number): string =>
  [
    `This is the evidence behind the self-assessment ${id}.`,
    '',
    'assessment.json is the assessment itself; the other files are made from it. Its SHA-256 is in entry',
    `${event} of the audit log. Open verify.html in a browser and give it ledger.zip: it checks, without a network, that`,
    'the entries were recorded in the log and not changed since. Compare the digest of entry',
    `${event} with that of the file, for example with sha256sum assessment.json.`,
    '',
    'catalog.json, component-definition.json, assessment-plan.json and assessment-results.json are OSCAL documents.',
    'The results hold the facts behind each check, and proofs of the log entries that they rest on.',
    '',
    'A self-assessment shows what was found and what people stated. It makes nobody compliant.',
    '',
  ].join('\r\n')
