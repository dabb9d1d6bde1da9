/** The HTTP application. Its middleware runs in the order of this file. */
import type { Express, Request, RequestHandler } from 'express'
import type { Ledger } from '../ledger/log/index.js'
import type { Logger } from '../lib/logger.js'
import { bareApp } from './bare-app.js'
import { otherMethods } from './other-methods.js'
import { endSlowBodies, endSlowReaders } from './clients/slow-clients.js'
import { servePage } from './page-files.js'
import { addressList } from '../lib/net/networks.js'
import { problemHandler } from './problem.js'
import { admit, requestIdOf } from './request.js'
import { auditRoutes } from './routes/audit.js'
import type { AuditRouteRooms } from './routes/audit.js'
import { complianceRoutes } from './routes/compliance.js'
import { packRoutes } from './routes/packs.js'
import type { ComplianceRouteRooms } from './routes/compliance.js'
import { caseRoutes } from './routes/cases.js'
import type { CaseRouteRooms } from './routes/cases.js'
import { criticalRoutes } from './routes/critical.js'
import type { CriticalRouteRooms } from './routes/critical.js'
import { crosswalkRoutes } from './routes/crosswalk.js'
import { dutyRoutes } from './routes/duty.js'
import type { DutyRouteRooms } from './routes/duty.js'
import { figureRoutes } from './routes/figures.js'
import type { FigureRouteRooms } from './routes/figures.js'
import { feedbackRoutes } from './routes/feedback.js'
import type { FeedbackRouteRooms } from './routes/feedback.js'
import { handoverRoutes } from './routes/handovers.js'
import type { HandoverRouteRooms } from './routes/handovers.js'
import { deliveryRoutes } from './routes/deliveries.js'
import type { DeliveryRouteRooms } from './routes/deliveries.js'
import { fhirRoutes } from './routes/fhir.js'
import type { FhirRouteRooms } from './routes/fhir.js'
import { healthRoutes, isOperator, metricsRoutes } from './routes/health.js'
import type { DoorState, HealthRooms } from './routes/health.js'
import { intakeRoutes } from './routes/doors/intake.js'
import type { IntakeRouteRooms } from './routes/doors/intake.js'
import { requisitionRoutes, serviceRequestRoutes } from './routes/doors/requisitions.js'
import type { Requisitions } from '../doors/requisition/take.js'
import { keepingRoutes } from './routes/keeping.js'
import type { KeepingRouteRooms } from './routes/keeping.js'
import { keyRoutes } from './routes/keys.js'
import { invitationRoutes } from './routes/people/invitations.js'
import { memberRoutes } from './routes/people/members.js'
import { pushRoutes } from './routes/people/push.js'
import { noteRoutes } from './routes/notes.js'
import type { NoteRouteRooms } from './routes/notes.js'
import { operationRoutes } from './routes/operation.js'
import type { OperationRouteRooms } from './routes/operation.js'
import { quarantineRoutes } from './routes/quarantine.js'
import type { QuarantineRouteRooms } from './routes/quarantine.js'
import { updateRoutes } from './updates/routes.js'
import type { UpdateRouteRooms } from './updates/routes.js'
import { PAGES, WORKERS } from './routes/pages.js'
import { receiptRoutes } from './routes/receipts.js'
import { recipientRoutes } from './routes/recipients.js'
import { referenceRoutes } from './routes/reference.js'
import { reportRoutes } from './routes/reports.js'
import type { ReportRouteRooms } from './routes/reports.js'
import { sealedRoutes } from './sealing/routes.js'
import type { SealedRouteRooms } from './sealing/routes.js'
import { signInRoutes } from './routes/sign-in.js'
import type { SignInRouteRooms } from './routes/sign-in.js'
import { stowRoutes } from './routes/doors/stow.js'
import type { StowParts } from './routes/doors/stow.js'
import { transferRoutes } from './routes/transfers.js'
import type { TransferRouteRooms } from './routes/transfers.js'
import type { Metrics } from './metrics.js'
import { takeTurns } from './clients/turns.js'
import { UploadGate } from '../doors/upload-gate.js'

/** What the routes depend on; each takes only its own part. */
export type AppRooms = AuditRouteRooms &
  CaseRouteRooms &
  CriticalRouteRooms &
  ReportRouteRooms &
  ComplianceRouteRooms &
  DeliveryRouteRooms &
  DutyRouteRooms &
  FhirRouteRooms &
  FigureRouteRooms &
  FeedbackRouteRooms &
  HandoverRouteRooms &
  HealthRooms &
  IntakeRouteRooms &
  KeepingRouteRooms &
  NoteRouteRooms &
  OperationRouteRooms &
  QuarantineRouteRooms &
  SealedRouteRooms &
  SignInRouteRooms &
  StowParts['rooms'] &
  TransferRouteRooms &
  UpdateRouteRooms &
  Parameters<typeof crosswalkRoutes>[0] &
  Parameters<typeof keyRoutes>[0] &
  Parameters<typeof memberRoutes>[0] &
  Parameters<typeof invitationRoutes>[0] &
  Parameters<typeof pushRoutes>[0] &
  Parameters<typeof receiptRoutes>[0] &
  Parameters<typeof recipientRoutes>[0]

/** The state of the doors other than HTTP, and the intake of STOW-RS. */
export interface AppDoors extends DoorState {
  readonly requisitions: Pick<Requisitions, 'take'>
  readonly arrivals: StowParts['arrivals'] &
    DoorState['arrivals'] &
    Parameters<typeof intakeRoutes>[1]
}

/** @param doors the doors other than HTTP, which readiness and metrics report on. */
export function createApp(
  rooms: AppRooms,
  origin: () => string,
  { metrics, doors }: { readonly metrics: Metrics; readonly doors: AppDoors },
): Express {
  const gate = new UploadGate(rooms.site.config.limits.uploads, (running) =>
    metrics.uploads.set(running),
  )
  const app = bareApp(rooms.now)
  const { proxies } = rooms.site.config
  // Express reads X-Forwarded-For from the right, past these addresses alone.
  if (proxies?.protocol === 'forwarded') app.set('trust proxy', addressList(proxies.trusted))
  app.use(endSlowReaders(rooms.site.config.limits))
  app.use(observe(rooms.logger, metrics))
  app.use(endSlowBodies())
  app.use(healthRoutes(rooms, doors, isOperator(rooms)))
  app.use(referenceRoutes())
  app.use(takeTurns())
  app.use(whileRecording(rooms))
  for (const page of [...PAGES, ...WORKERS]) app.use(servePage(page))
  const operates = (request: Request) => admit(rooms.gatekeeper, request, 'gateway.metrics')
  app.use(metricsRoutes(rooms, metrics, doors, operates))
  app.use(
    '/v1',
    noStore,
    updateRoutes(rooms),
    signInRoutes(rooms, origin),
    transferRoutes(rooms, metrics, gate),
    intakeRoutes(rooms, doors.arrivals),
    requisitionRoutes(rooms, doors.requisitions),
    sealedRoutes(rooms, metrics, gate),
    quarantineRoutes(rooms, metrics, gate),
    crosswalkRoutes(rooms),
    caseRoutes(rooms),
    reportRoutes(rooms),
    criticalRoutes(rooms),
    dutyRoutes(rooms),
    feedbackRoutes(rooms),
    noteRoutes(rooms),
    handoverRoutes(rooms),
    figureRoutes(rooms),
    deliveryRoutes(rooms),
    receiptRoutes(rooms),
    recipientRoutes(rooms),
    keyRoutes(rooms),
    ...peopleRoutes(rooms, origin),
    ...oversightRoutes(rooms, origin, doors),
  )
  if (rooms.site.config.doors.stow) {
    const { arrivals } = doors
    app.use('/dicom-web', noStore, stowRoutes({ rooms, arrivals, gate, metrics }))
  }
  const requisitions = serviceRequestRoutes(rooms, doors.requisitions)
  app.use('/fhir', noStore, requisitions, fhirRoutes(rooms, origin))
  app.use(otherMethods)
  app.use(problemHandler(rooms.logger))
  return app
}

/** About people: who joins, and where they are notified. */
const peopleRoutes = (rooms: AppRooms, origin: () => string): readonly RequestHandler[] => [
  memberRoutes(rooms),
  invitationRoutes(rooms, origin),
  pushRoutes(rooms),
]

/** For officers and operators. */
const oversightRoutes = (
  rooms: AppRooms,
  origin: () => string,
  doors: AppDoors,
): readonly RequestHandler[] => [
  auditRoutes(rooms),
  keepingRoutes(rooms),
  complianceRoutes(rooms, origin),
  packRoutes(rooms, origin),
  operationRoutes(rooms, doors),
]

/** The listener of `gateway.metrics`: any client that reaches it may read everything here. */
export function createMetricsApp(
  rooms: HealthRooms & { readonly logger: Logger; readonly now: () => number },
  { metrics, doors }: { readonly metrics: Metrics; readonly doors: DoorState },
): Express {
  const anybody = () => Promise.resolve(true)
  const app = bareApp(rooms.now)
  app.use(healthRoutes(rooms, doors, anybody))
  app.use(metricsRoutes(rooms, metrics, doors, anybody))
  app.use(otherMethods)
  app.use(problemHandler(rooms.logger))
  return app
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

/**
 * A request that cannot be recorded is not answered. All routes follow this check, even those that
 * record nothing.
 */
const whileRecording =
  ({ ledger }: { readonly ledger: Pick<Ledger, 'check'> }): RequestHandler =>
  async (_request, _response, next) => {
    await ledger.check()
    next()
  }

/**
 * One log line and one measurement per request: method, route template, status and time; never the
 * URL itself.
 */
function observe(logger: Logger, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    response.once('close', () => {
      const { path } = (request.route ?? {}) as { path?: unknown }
      const route = typeof path === 'string' ? path : 'none'
      const durationMs = Math.round(performance.now() - started)
      const { method } = request
      const status = response.writableFinished ? response.statusCode : 499
      metrics.request({ method, route, status }, durationMs / 1_000)
      logger.info('request', {
        requestId: requestIdOf(response),
        method,
        route,
        status,
        durationMs,
      })
    })
    next()
  }
}
