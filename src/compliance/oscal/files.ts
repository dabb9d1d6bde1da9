/** The four documents of an assessment, under the names by which they refer to each other. */
import type { Json } from '../../lib/json.js'
import type { Assessment } from '../run.js'
import { catalog } from './catalog.js'
import { componentDefinition } from './component.js'
import { assessmentPlan, PLAN_FILE } from './plan.js'
import { assessmentResults } from './results.js'
import type { LedgerProof } from './results.js'

export interface OscalFile {
  readonly name: string
  readonly document: Json
}

export const oscalFiles = (
  assessment: Assessment,
  proofs: readonly LedgerProof[],
): readonly OscalFile[] => [
  { name: 'catalog.json', document: catalog() },
  {
    name: 'component-definition.json',
    document: componentDefinition(assessment.version, assessment.at),
  },
  { name: PLAN_FILE, document: assessmentPlan(assessment) },
  { name: 'assessment-results.json', document: assessmentResults(assessment, proofs) },
]
