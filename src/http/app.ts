/** The application: the order of its middleware is the order of this file. */
import type { Express, RequestHandler } from 'express'
import type { Rooms } from '../rooms.js'
import { bareApp } from './bare-app.js'
import { createDoor } from './door.js'
import { otherMethods } from './other-methods.js'
import { servePage } from './page-files.js'
import { problemHandler } from './problem.js'
import { requestIdOf } from './request.js'
import { auditRoutes } from './routes/audit.js'
import { complianceRoutes } from './routes/compliance.js'
import { caseRoutes } from './routes/cases.js'
import { crosswalkRoutes } from './routes/crosswalk.js'
import { dutyRoutes } from './routes/duty.js'
import { deliveryRoutes } from './routes/deliveries.js'
import { fhirRoutes } from './routes/fhir.js'
import { healthRoutes, metricsRoutes } from './routes/health.js'
import { keepingRoutes } from './routes/keeping.js'
import { keyRoutes } from './routes/keys.js'
import { quarantineRoutes } from './routes/quarantine.js'
import { OPEN_PAGE } from './routes/pages.js'
import { receiptRoutes } from './routes/receipts.js'
import { recipientRoutes } from './routes/recipients.js'
import { referenceRoutes } from './routes/reference.js'
import { signInRoutes } from './routes/sign-in.js'
import { transferRoutes } from './routes/transfers.js'
import type { Metrics } from './metrics.js'
import type { Doors } from '../doors/open.js'
import { stowRoutes } from '../doors/stow/index.js'
import { UploadGate } from '../doors/form/uploads.js'

/** @param doors - those beside HTTP, which readiness and metrics tell of */
export function createApp(
  rooms: Rooms,
  origin: () => string,
  { metrics, doors }: { readonly metrics: Metrics; readonly doors: Doors },
): Express {
  const door = createDoor(rooms)
  const gate = new UploadGate(rooms.site.config.limits.uploads, metrics)
  const app = bareApp()
  app.use(endStalled(rooms.site.config.limits.idleSeconds))
  app.use(observe(rooms, metrics))
  app.use(healthRoutes(door, doors))
  app.use(referenceRoutes())
  app.use(whileRecording(rooms))
  app.use(servePage(OPEN_PAGE))
  app.use(metricsRoutes(door, metrics, doors))
  app.use(
    '/v1',
    noStore,
    signInRoutes(door, origin),
    transferRoutes(door, metrics, gate),
    quarantineRoutes(door, metrics, gate),
    crosswalkRoutes(door),
    caseRoutes(door),
    dutyRoutes(door),
    deliveryRoutes(door),
    receiptRoutes(door),
    recipientRoutes(door),
    keyRoutes(door),
    auditRoutes(door),
    keepingRoutes(door),
    complianceRoutes(door, origin),
  )
  if (rooms.site.config.doors.stow) {
    app.use('/dicom-web', noStore, stowRoutes({ door, arrivals: doors.arrivals, gate, metrics }))
  }
  app.use('/fhir', noStore, fhirRoutes(door, origin))
  app.use(otherMethods)
  app.use(problemHandler(rooms.logger))
  return app
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

/**
 * A client that takes nothing more of its answer holds an object of the store open: it is given up
 * like a silent sender.
 */
const endStalled =
  (idleSeconds: number): RequestHandler =>
  (_request, response, next) => {
    response.setTimeout(idleSeconds * 1_000, () => {
      // Without bytes that wait for the client, it is we who are slow.
      if (response.writableLength > 0) response.destroy()
    })
    next()
  }

/**
 * What cannot be recorded is not answered: behind this stands every route, also those that record
 * nothing.
 */
const whileRecording =
  ({ ledger }: Rooms): RequestHandler =>
  async (_request, _response, next) => {
    await ledger.check()
    next()
  }

/**
 * One log line and one measurement a request: method, route template, status, time; never the
 * address itself.
 */
function observe(rooms: Rooms, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    response.once('close', () => {
      const { path } = (request.route ?? {}) as { path?: unknown }
      const route = typeof path === 'string' ? path : 'none'
      const durationMs = Math.round(performance.now() - started)
      const { method } = request
      const status = response.writableFinished ? response.statusCode : 499
      metrics.request({ method, route, status }, durationMs / 1_000)
      rooms.logger.info('request', {
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
