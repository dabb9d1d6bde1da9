/** Renders which checks answer which row: the content of COVERAGE.md. */
import { catalogueOf } from './catalogue.js'
import type { Source } from './check.js'

export function coverageText(): string {
  const rows = catalogueOf('hipaa')
  const ofSecurity = rows.filter(({ audit }) => audit === 'security')
  const answered = ofSecurity.filter(({ checks }) => checks.length > 0)
  const shown = answered.filter(({ checks }) => checks.some(({ source }) => source !== 'register'))
  const lines = rows.map(({ id, cites, ra, coverage, checks }) => {
    const list = checks.map((check) => `${check.id} (${SHORT[check.source]})`).join(', ')
    return `| ${id} | ${cites.join(', ')} | ${ra || ' '} | ${coverage} | ${list} |`
  })
  return [
    '# What answers which row',
    '',
    `Of the ${ofSecurity.length} rows of the security audit, ${answered.length} are answered by checks, ${shown.length} of them by`,
    'configuration (c), ledger (l) or the running system (s), the others by registers (r) alone.',
    '`whole`: checks and a policy answer it. `part`: a person states the rest. `none`: a person states all of it.',
    'Written by `coverageText()`; a test compares.',
    '',
    '| row | citation | R/A | coverage | checks |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}

const SHORT: Readonly<Record<Source, string>> = {
  configuration: 'c',
  ledger: 'l',
  system: 's',
  register: 'r',
}
