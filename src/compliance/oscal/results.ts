/**
 * An assessment as OSCAL assessment-results. Every finding has an observation, and every
 * observation has evidence.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import { dateMs } from '../check.js'
import type { Source } from '../check.js'
import type { Assessment, Finding, Observation, Statement } from '../run.js'
import { line, metadata, NAMESPACE, objectiveIdOf, prop, uuidOf } from './common.js'
import { componentUuid } from './component.js'
import { activityUuid, PLAN_FILE, reviewedControls } from './plan.js'

export interface LedgerProof {
  /** Index of the entry. */
  readonly index: number
  /** c2sp.org/tlog-proof, including the entry. */
  readonly proof: string
}

const METHODS: Readonly<Record<Source, string>> = {
  system: 'TEST',
  configuration: 'EXAMINE',
  ledger: 'EXAMINE',
  register: 'EXAMINE',
}

/**
 * @param proofs proofs of every entry that the observations refer to, and of the one that records
 *   the assessment
 */
export function assessmentResults(assessment: Assessment, proofs: readonly LedgerProof[]): Json {
  const { at, gateway, version } = assessment
  const findings = assessment.findings.filter(({ audit }) => audit === 'security')
  const checks = new Set(findings.flatMap((one) => one.checks))
  const seen = assessment.observations.filter(({ check }) => checks.has(check))
  const resources = new Map<string, Json>()
  for (const { index, proof } of proofs)
    resources.set(proofUuid(assessment, index), proofResource(assessment, { index, proof }))
  for (const one of seen)
    resources.set(evidenceUuid(assessment, one), evidenceResource(assessment, one))
  const known = new Set(proofs.map(({ index }) => index))
  const observations = [
    ...seen.map((one) => observationOf(assessment, one, known)),
    ...findings.flatMap((one) => personsObservations(assessment, one, resources)),
  ]
  return {
    'assessment-results': {
      uuid: uuidOf('results', gateway, at),
      metadata: metadata(`Self-assessment of ${gateway}`, at, version, {
        remarks:
          'A self-assessment: it shows what was found and does not make anyone compliant. Evidence is identified by digests and by proofs of audit log entries.',
      }),
      'import-ap': { href: PLAN_FILE },
      results: [
        {
          uuid: uuidOf('result', gateway, at),
          title: `Security Rule, ${at.slice(0, 10)}`,
          description: `What was found automatically at ${gateway} and what people stated.`,
          start: at,
          end: at,
          'local-definitions': { components: [component(version)] },
          'reviewed-controls': reviewedControls(),
          observations,
          findings: findings.map((one) => findingOf(assessment, one)),
        },
      ],
      'back-matter': { resources: [...resources.values()] },
    },
  }
}

const component = (version: string): Json => ({
  uuid: componentUuid(),
  type: 'software',
  title: 'Nocturne',
  description: 'The gateway that was assessed',
  props: [{ name: 'software-version', value: version, ns: NAMESPACE }],
  status: { state: 'operational' },
})

const evidenceUuid = ({ gateway, at }: Assessment, { check }: Observation) =>
  uuidOf('evidence', gateway, at, check)
const observationUuid = ({ gateway, at }: Assessment, ...names: readonly string[]) =>
  uuidOf('observation', gateway, at, ...names)
const proofUuid = ({ gateway }: Assessment, index: number) =>
  uuidOf('proof', gateway, String(index))

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')

const evidenceResource = (assessment: Assessment, one: Observation): Json => ({
  uuid: evidenceUuid(assessment, one),
  title: `Facts behind ${one.check}`,
  props: [prop('sha-256', one.evidence.sha256)],
  base64: {
    filename: `${one.check}.json`,
    'media-type': 'application/json',
    value: base64(canonicalJson(one.evidence.shown)),
  },
})

const proofResource = (assessment: Assessment, { index, proof }: LedgerProof): Json => ({
  uuid: proofUuid(assessment, index),
  title: `Ledger entry ${index} with its proof`,
  base64: {
    filename: `entry-${index}.tlog-proof`,
    'media-type': 'text/plain',
    value: base64(proof),
  },
})

function observationOf(assessment: Assessment, one: Observation, known: ReadonlySet<number>): Json {
  const { check, title, source, verdict, says, next, evidence } = one
  return {
    uuid: observationUuid(assessment, check),
    title,
    description: line(says),
    props: [prop('check', check), prop('verdict', verdict), prop('source', source)],
    methods: [METHODS[source]],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': componentUuid() }] }],
    subjects: [{ 'subject-uuid': componentUuid(), type: 'component' }],
    'relevant-evidence': [
      {
        href: `#${evidenceUuid(assessment, one)}`,
        description: `The facts, SHA-256 ${evidence.sha256}`,
        props: [prop('activity', activityUuid(check))],
      },
      ...evidence.entries
        .filter((index) => known.has(index))
        .map((index) => ({
          href: `#${proofUuid(assessment, index)}`,
          description: `Ledger entry ${index} and its proof`,
        })),
    ],
    collected: evidence.collected,
    expires: evidence.expires,
    ...(next !== undefined && { remarks: `Next: ${next}` }),
  }
}

/** What people registered and stated about a row. If there is nothing, an observation says so. */
function personsObservations(
  assessment: Assessment,
  finding: Finding,
  resources: Map<string, Json>,
): Json[] {
  const { row, policies, statement, checks } = finding
  const found: Json[] = []
  const add = (name: string, method: string, content: string, more: { expires?: string } = {}) => {
    const resource = uuidOf('evidence', assessment.gateway, assessment.at, row, name)
    const filename = `${row}-${name}.txt`
    resources.set(resource, {
      uuid: resource,
      title: `${row}: ${name}`,
      base64: { filename, 'media-type': 'text/plain', value: base64(content) },
    })
    found.push({
      uuid: observationUuid(assessment, row, name),
      title: `${row}: ${name}`,
      description: content,
      methods: [method],
      'relevant-evidence': [{ href: `#${resource}`, description: 'As entered by people' }],
      collected: assessment.at,
      ...more,
    })
  }
  if (policies.length > 0) add('policies', 'EXAMINE', `In force: ${policies.join(', ')}`)
  if (statement)
    add('statement', 'INTERVIEW', wordOf(statement), {
      expires: new Date(dateMs(statement.until)).toISOString(),
    })
  if (found.length === 0 && checks.length === 0)
    add('absence', 'EXAMINE', 'Neither a check nor a policy nor a statement answers this row.')
  return found
}

const wordOf = ({ by, says, text, attachments }: Statement): string =>
  [
    `${by} states "${says}": ${text}`,
    ...attachments.map((digest) => `Attachment with SHA-256 ${digest}`),
  ].join('\n')

function findingOf(assessment: Assessment, finding: Finding): Json {
  const { row, cites, keyActivity, state, isSatisfied, reason, next, checks } = finding
  const people = [
    ...(finding.policies.length > 0 ? ['policies'] : []),
    ...(finding.statement ? ['statement'] : []),
  ]
  const absent = checks.length === 0 && people.length === 0 ? ['absence'] : []
  const related = [
    ...checks.map((check) => observationUuid(assessment, check)),
    ...[...people, ...absent].map((name) => observationUuid(assessment, row, name)),
  ]
  return {
    uuid: uuidOf('finding', assessment.gateway, assessment.at, row),
    title: line(`${row}: ${keyActivity}`),
    description: line(reason),
    props: [prop('row', row), prop('state', state)],
    target: {
      type: 'objective-id',
      'target-id': objectiveIdOf(cites[0] ?? ''),
      status: {
        state: isSatisfied ? 'satisfied' : 'not-satisfied',
        reason: isSatisfied ? 'pass' : state === 'gap' ? 'fail' : 'other',
      },
    },
    'related-observations': related.map((uuid) => ({ 'observation-uuid': uuid })),
    ...(next.length > 0 && { remarks: next.map((step) => `- ${step}`).join('\n') }),
  }
}
