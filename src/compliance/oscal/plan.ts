/** The OSCAL assessment-plan for an assessment: every row, and each check as an activity. */
import type { Json } from '../../lib/json.js'
import { catalogueOf, CHECKS } from '../catalogue.js'
import type { Check } from '../check.js'
import type { Assessment } from '../run.js'
import { controlIdOf, metadata, prop, uuidOf } from './common.js'

export const PLAN_FILE = 'assessment-plan.json'

export const planUuid = (assessment: Assessment): string =>
  uuidOf('plan', assessment.gateway, assessment.at)

export const activityUuid = (check: string): string => uuidOf('activity', check)

export function assessmentPlan(assessment: Assessment): Json {
  const { at, gateway, version } = assessment
  const system = uuidOf('system', gateway)
  return {
    'assessment-plan': {
      uuid: planUuid(assessment),
      metadata: metadata(`Plan of the self-assessment of ${gateway}`, at, version),
      'import-ssp': {
        href: `#${system}`,
        remarks: 'The system is described by its configuration; it has no OSCAL security plan.',
      },
      'local-definitions': { activities: CHECKS.flatMap(activityOf) },
      'reviewed-controls': reviewedControls(),
      'assessment-subjects': [
        { type: 'component', description: 'The gateway as it runs', 'include-all': {} },
      ],
      'back-matter': {
        resources: [
          {
            uuid: system,
            title: gateway,
            description: 'The gateway, described by its configuration file and its ledger.',
          },
        ],
      },
    },
  }
}

export const reviewedControls = (): Json => ({
  description: 'All standards and implementation specifications of the Security Rule',
  'control-selections': [{ 'include-all': {} }],
})

function activityOf(check: Check): Json[] {
  const cites = catalogueOf('hipaa')
    .filter((row) => row.audit === 'security' && row.checks.includes(check))
    .flatMap((row) => row.cites.slice(0, 1))
  if (cites.length === 0) return []
  return [
    {
      uuid: activityUuid(check.id),
      title: check.title,
      description: `${check.title}. Its evidence comes from the ${check.source} and is valid for ${check.validDays} days.`,
      props: [prop('check', check.id), prop('source', check.source)],
      'related-controls': {
        'control-selections': [
          { 'include-controls': cites.map((cite) => ({ 'control-id': controlIdOf(cite) })) },
        ],
      },
    },
  ]
}
