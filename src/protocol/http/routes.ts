/**
 * Every route of the gateway. A test compares this with the application's router in both
 * directions.
 */
import type { Routes } from './route.js'
import { AUDIT_ROUTES } from './routes/audit.js'
import { COMPLIANCE_ROUTES } from './routes/compliance.js'
import { DOOR_ROUTES } from './routes/doors.js'
import { DUTY_ROUTES } from './routes/duty.js'
import { FEEDBACK_ROUTES } from './routes/feedback.js'
import { NOTE_ROUTES } from './routes/notes.js'
import { HANDOVER_ROUTES } from './routes/handovers.js'
import { INTAKE_ROUTES } from './routes/intake.js'
import { PUSH_ROUTES } from './routes/push.js'
import { PACK_ROUTES } from './routes/packs.js'
import { JOINING_ROUTES } from './routes/joining.js'
import { GATEWAY_ROUTES } from './routes/gateway.js'
import { CRITICAL_ROUTES } from './routes/critical.js'
import { CASE_ROUTES } from './routes/cases.js'
import { REPORT_ROUTES } from './routes/reports.js'
import { OPERATION_ROUTES } from './routes/operation.js'
import { READING_ROUTES } from './routes/reading.js'
import { SEALING_ROUTES } from './routes/sealing.js'
import { SENDING_ROUTES } from './routes/sending.js'
import { UPDATE_ROUTES } from './routes/updates.js'

export const ROUTES: Routes = {
  ...SENDING_ROUTES,
  ...SEALING_ROUTES,
  ...CASE_ROUTES,
  ...REPORT_ROUTES,
  ...CRITICAL_ROUTES,
  ...DOOR_ROUTES,
  ...INTAKE_ROUTES,
  ...DUTY_ROUTES,
  ...PUSH_ROUTES,
  ...FEEDBACK_ROUTES,
  ...NOTE_ROUTES,
  ...HANDOVER_ROUTES,
  ...READING_ROUTES,
  ...GATEWAY_ROUTES,
  ...JOINING_ROUTES,
  ...AUDIT_ROUTES,
  ...COMPLIANCE_ROUTES,
  ...PACK_ROUTES,
  ...OPERATION_ROUTES,
  ...UPDATE_ROUTES,
}
