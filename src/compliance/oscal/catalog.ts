/**
 * The HIPAA Security Rule as an OSCAL catalog: its standards, its implementation specifications,
 * and what the audit asks.
 */
import type { Json } from '../../lib/json.js'
import { securityRule } from '../citations.js'
import type { Flag, ProtocolRow } from '../citations.js'
import {
  controlIdOf,
  line,
  metadata,
  objectiveIdOf,
  prop,
  securityRows,
  statementIdOf,
  uuidOf,
} from './common.js'

/**
 * Version of the catalog's content. Increment it when the law, the protocol or this representation
 * changes.
 */
export const CATALOG_VERSION = '1.0.0'
const CHANGED = '2026-01-01T00:00:00Z'

interface Node {
  readonly cite: string
  readonly title: string
  readonly flag: Flag | null
  readonly specs: readonly Node[]
}

const GROUPS: Readonly<Record<string, string>> = {
  general: 'General rules',
  administrative: 'Administrative safeguards',
  physical: 'Physical safeguards',
  technical: 'Technical safeguards',
  organizational: 'Organizational requirements',
  documentation: 'Policies and procedures and documentation requirements',
}

export function catalog(): Json {
  const rows = new Map(securityRows().map((row) => [row.cites[0] ?? '', row]))
  const groups = [...groupsOf(rows)].map(([group, nodes]) => ({
    id: `hipaa-${group}`,
    class: 'safeguards',
    title: GROUPS[group] ?? group,
    controls: nodes.map((node) => controlOf(node, rows)),
  }))
  return {
    catalog: {
      uuid: uuidOf('catalog', CATALOG_VERSION),
      metadata: metadata(
        'HIPAA Security Rule, 45 CFR Part 164 Subpart C',
        CHANGED,
        CATALOG_VERSION,
        {
          remarks:
            'Standards, implementation specifications and flags of Appendix A to Subpart C of Part 164; criteria and inquiries of the OCR audit protocol. Works of the United States government.',
        },
      ),
      groups,
    },
  }
}

/** The matrix, plus the paragraphs that the protocol asks about but the matrix does not list. */
function groupsOf(rows: ReadonlyMap<string, ProtocolRow>): ReadonlyMap<string, readonly Node[]> {
  const groups = new Map<string, Node[]>()
  const add = (group: string, node: Node) => groups.set(group, [...(groups.get(group) ?? []), node])
  const known = new Set(
    securityRule().flatMap((one) => [one.cite, ...one.specs.map((s) => s.cite)]),
  )
  const extra = [...rows.values()].filter(({ cites }) => !known.has(cites[0] ?? ''))
  const nodeOf = (row: ProtocolRow): Node => ({
    ...{ cite: row.cites[0] ?? '', title: row.keyActivity, flag: row.ra, specs: [] },
  })
  const below = (cite: string) =>
    extra.filter(({ cites }) => cites[0]?.startsWith(`${cite}(`)).map(nodeOf)
  for (const row of extra.filter(({ cites }) => cites[0]?.startsWith('164.306')))
    add('general', nodeOf(row))
  for (const { group, specs, ...standard } of securityRule())
    add(group, {
      ...standard,
      specs: specs.map((spec) => ({ ...spec, specs: below(spec.cite) })),
    })
  return groups
}

function controlOf(node: Node, rows: ReadonlyMap<string, ProtocolRow>): Json {
  const { cite, title, flag, specs } = node
  const row = rows.get(cite)
  const kind =
    specs.length > 0 && flag === null ? 'standard' : flag === 'A' ? 'addressable' : 'required'
  return {
    id: controlIdOf(cite),
    class: specs.length > 0 ? 'standard' : 'specification',
    title: line(title),
    props: [
      { name: 'label', value: `§ ${cite}` },
      { name: 'sort-id', value: controlIdOf(cite) },
      prop('implementation', kind),
    ],
    parts: [
      {
        id: statementIdOf(cite),
        name: 'statement',
        prose: row?.criteria ?? `${title}: 45 CFR ${cite}.`,
      },
      ...(row
        ? [
            {
              id: objectiveIdOf(cite),
              name: 'assessment-objective',
              props: [prop('row', row.id)],
              prose: row.inquiry,
            },
          ]
        : []),
    ],
    ...(specs.length > 0 && { controls: specs.map((spec) => controlOf(spec, rows)) }),
  }
}
