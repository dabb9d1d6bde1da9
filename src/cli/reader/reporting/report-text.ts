/** A report as a person writes it: plain text, with its sections below their names. */
import { SECTIONS } from '../../../protocol/report.js'
import type { SectionName } from '../../../protocol/report.js'
import { CommandError } from '../../command-error.js'

export type Sections = Partial<Record<SectionName, string>>

const MAX_SECTION_CHARS = 200_000

/**
 * `FINDINGS:` at the start of a line, alone or followed by text, starts a section; in any case, and
 * also as a Markdown heading. Text before the first section name is findings.
 *
 * @throws CommandError `report_empty` when there is no text
 * @throws CommandError `report_invalid` for a section that is repeated or too long
 */
export function sectionsOf(text: string): Sections {
  const found = new Map<SectionName, string[]>()
  let section: SectionName = 'findings'
  let hasName = false
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const heading = headingOf(line)
    if (heading) {
      if (found.has(heading.name) && (hasName || heading.name !== 'findings'))
        throw invalid(`the section ${heading.name} comes twice`)
      section = heading.name
      hasName = true
      found.set(section, [...(found.get(section) ?? []), heading.rest])
    } else found.set(section, [...(found.get(section) ?? []), line])
  }
  const sections: Sections = {}
  for (const [name, lines] of found) {
    const body = lines.join('\n').trim()
    if (body.length > MAX_SECTION_CHARS) throw invalid(`the section ${name} is too long`)
    if (body !== '') sections[name] = body
  }
  if (Object.keys(sections).length === 0)
    throw new CommandError('the report has no text', {
      code: 'report_empty',
      hint: 'write FINDINGS: and IMPRESSION: with text under them',
    })
  return sections
}

function headingOf(
  line: string,
): { readonly name: SectionName; readonly rest: string } | undefined {
  const [, word = '', colon, rest = ''] =
    /^\s*(?:#{1,6}\s*)?([A-Za-z]+)\s*(:)?\s*(.*)$/.exec(line) ?? []
  const name = SECTIONS.find((one) => one === word.toLowerCase())
  if (name === undefined) return undefined
  // "Findings are normal." is a sentence; a section name stands alone or has a colon.
  return colon !== undefined || rest === '' ? { name, rest } : undefined
}

const invalid = (problem: string) =>
  new CommandError(problem, { code: 'report_invalid', hint: 'correct the text and send it again' })
