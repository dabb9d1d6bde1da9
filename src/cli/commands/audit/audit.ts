import { defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { registerAuditAccounting, registerAuditDossier } from './audit-reports.js'
import { registerAuditAnomalies } from './audit-anomalies.js'
import { registerAuditApprove } from './audit-approve.js'
import { registerAuditCheckpoint } from './audit-checkpoint.js'
import { registerAuditExport } from './audit-export.js'
import { registerAuditHold } from './audit-hold.js'
import { registerAuditPatient } from './audit-patient.js'
import { registerAuditPolicy } from './audit-policy.js'
import { registerAuditProof } from './audit-proof.js'
import { registerAuditPrune } from './audit-prune.js'
import { registerAuditQuery } from './audit-query.js'
import { registerAuditReindex } from './audit-reindex.js'
import { registerAuditRestore } from './audit-restore.js'
import { registerAuditReview } from './audit-review.js'
import { registerAuditVerify } from './audit-verify.js'

export const registerAudit: Register = (parent, cli) => {
  const group = defineGroup(parent, 'audit', 'search, export and verify the ledger')
  registerAuditQuery(group, cli)
  registerAuditPatient(group, cli)
  registerAuditApprove(group, cli)
  registerAuditExport(group, cli)
  registerAuditAccounting(group, cli)
  registerAuditDossier(group, cli)
  registerAuditVerify(group, cli)
  registerAuditCheckpoint(group, cli)
  registerAuditProof(group, cli)
  registerAuditPolicy(group, cli)
  registerAuditAnomalies(group, cli)
  registerAuditReview(group, cli)
  registerAuditHold(group, cli)
  registerAuditPrune(group, cli)
  registerAuditReindex(group, cli)
  registerAuditRestore(group, cli)
}
