/**
 * Exports a stored assessment, for the server and for a command that works on the site's own files.
 */
import type { compare, Compliance } from '../compliance/index.js'
import type {
  assessmentCsv,
  assessmentPdf,
  assessmentWorkbook,
  PdfContext,
} from '../compliance/exports/index.js'
import type { LedgerProof, oscalFiles } from '../compliance/oscal/index.js'
import { NocturneError } from '../lib/errors.js'
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import { once, zipOf } from '../lib/zip.js'
import type { ZipMember } from '../lib/zip.js'
import type { Actor, EventType } from '../ledger/log/index.js'
import type { ASSESSMENT_FORMATS } from '../protocol/http/compliance.js'
import { proofMembers } from './ledger-package.js'
import type { PackageParts } from './ledger-package.js'

export interface AssessmentExport {
  /** ID of an assessment; the newest one if omitted. */
  readonly id: string | undefined
  readonly format: (typeof ASSESSMENT_FORMATS)[number]
}

export interface AssessmentParts extends PackageParts {
  readonly desk: Pick<Compliance['desk'], 'assessment' | 'assessments'>
  readonly rendering: {
    readonly compare: typeof compare
    readonly assessmentCsv: typeof assessmentCsv
    readonly assessmentPdf: typeof assessmentPdf
    readonly assessmentWorkbook: typeof assessmentWorkbook
    readonly oscalFiles: typeof oscalFiles
  }
}

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

export async function exportAssessment(
  parts: AssessmentParts,
  actor: Actor,
  { id, format }: AssessmentExport,
): Promise<readonly ZipMember[]> {
  const { desk, ledger } = parts
  const [newest, earlier] = await desk.assessments(id === undefined ? 2 : 1)
  const kept = id === undefined ? newest : await desk.assessment(id)
  if (!kept) throw new NocturneError('not_found')
  const detail = { what: 'assessment', assessment: kept.id, format }
  await ledger.note({ type: 'ledger.exported', outcome: 0, actor, detail })
  const event = await eventOf(parts, kept.id)
  const { compare: differences } = parts.rendering
  const files = filesOf(parts, kept.assessment, {
    ...{ ledgerKey: ledger.verifierKey, event, madeBy: kept.madeBy },
    ...(earlier?.profile === kept.profile && {
      differences: {
        since: earlier.assessment.at,
        rows: differences(earlier.assessment, kept.assessment),
      },
    }),
  })
  if (format !== 'pack') return files[format]()
  return [
    { name: 'README.txt', content: once(readme(kept.id, event)) },
    ...(await proofMembers(parts, actor, RECORDED)),
    ...files.json(),
    ...files.pdf(),
    ...files.csv(),
    ...files.xlsx(),
    ...(await files.oscal()),
  ]
}

type Assessment = Parameters<typeof assessmentCsv>[0]

/** Generates the files of each format. */
function filesOf(parts: AssessmentParts, assessment: Assessment, context: PdfContext) {
  const { rendering } = parts
  const document = canonicalJson(assessment as unknown as Json)
  return {
    json: () => [{ name: 'assessment.json', content: once(document) }],
    pdf: () => [{ name: 'assessment.pdf', content: rendering.assessmentPdf(assessment, context) }],
    csv: () => [{ name: 'assessment.csv', content: once(rendering.assessmentCsv(assessment)) }],
    xlsx: () => [
      { name: 'assessment.xlsx', content: zipOf(rendering.assessmentWorkbook(assessment)) },
    ],
    oscal: async () => {
      const entries = assessment.observations.flatMap(({ evidence }) => evidence.entries)
      const proofs = await proofsOf(parts, [context.event, ...entries])
      return rendering.oscalFiles(assessment, proofs).map((file) => ({
        name: file.name,
        content: once(`${JSON.stringify(file.document, undefined, 2)}\n`),
      }))
    },
  }
}

/** Index of the event that records the assessment. */
async function eventOf({ ledger }: Pick<AssessmentParts, 'ledger'>, id: string): Promise<number> {
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
  { ledger }: Pick<AssessmentParts, 'ledger'>,
  indices: readonly number[],
): Promise<readonly LedgerProof[]> {
  const proofs: LedgerProof[] = []
  for (const index of new Set(indices)) {
    const proof = await ledger.proof(index).catch(() => undefined)
    if (proof !== undefined) proofs.push({ index, proof })
  }
  return proofs
}

const readme = (id: string, event: number): string =>
  [
    `This is the evidence for the self-assessment ${id}.`,
    '',
    'assessment.json is the assessment itself; the other files were generated from it. Its SHA-256 is in entry',
    `${event} of the audit log. Open verify.html in a browser and give it ledger.zip: it checks, without a network, that`,
    'the entries were recorded in the log and have not been changed since. Compare the digest in entry',
    `${event} with that of the file, for example with sha256sum assessment.json.`,
    '',
    'catalog.json, component-definition.json, assessment-plan.json and assessment-results.json are OSCAL documents.',
    'The results contain the facts behind each check, and proofs of the log entries that they are based on.',
    '',
    'A self-assessment shows what was found and what people stated. It does not make anyone compliant.',
    '',
  ].join('\r\n')
