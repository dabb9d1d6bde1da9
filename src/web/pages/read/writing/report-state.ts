/** What a report may be at this moment, and its text while it is written. */
import { SECTIONS } from '../../../../protocol/report.js'
import type { Agreement, ReportStatus, SectionName } from '../../../../protocol/report.js'

export interface Draft {
  readonly status: ReportStatus
  readonly agreement: Agreement | undefined
  readonly sections: Readonly<Record<SectionName, string>>
}

/** The status of the newest report of the case, when it has one. */
export type Before = string | undefined

/** Which kind of report can follow (src/reports/README.md). */
export function allowedAfter(before: Before): readonly ReportStatus[] {
  if (before === undefined) return ['preliminary', 'final']
  return before === 'preliminary' ? ['final', 'preliminary'] : ['addendum', 'final']
}

export const needsAgreement = (before: Before, { status }: Pick<Draft, 'status'>): boolean =>
  before === 'preliminary' && status === 'final'

export const emptyDraft = (before: Before): Draft => ({
  status: allowedAfter(before)[0] ?? 'preliminary',
  agreement: undefined,
  sections: { indication: '', technique: '', comparison: '', findings: '', impression: '' },
})

/** Sections without text are left out. */
export const writtenSections = ({ sections }: Draft): Partial<Record<SectionName, string>> =>
  Object.fromEntries(
    SECTIONS.flatMap((name) => {
      const text = sections[name].trim()
      return text === '' ? [] : [[name, text]]
    }),
  )

/** What is missing before it can be sent; undefined when nothing is. */
export function problemOf(before: Before, draft: Draft): string | undefined {
  if (Object.keys(writtenSections(draft)).length === 0) return 'Write findings or an impression.'
  if (needsAgreement(before, draft) && draft.agreement === undefined)
    return 'State whether the final report agrees with the preliminary one.'
  return undefined
}

/** Undefined for a text of any other form. */
export function parseDraft(text: string, before: Before): Draft | undefined {
  try {
    const value = JSON.parse(text) as Partial<Draft> | null
    const empty = emptyDraft(before)
    const sections = { ...empty.sections }
    for (const name of SECTIONS) {
      const kept: unknown = value?.sections?.[name]
      if (typeof kept === 'string') sections[name] = kept
    }
    const status = allowedAfter(before).find((one) => one === value?.status)
    return { ...empty, sections, ...(status && { status }) }
  } catch {
    return undefined
  }
}
