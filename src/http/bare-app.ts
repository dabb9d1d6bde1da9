/**
 * What every application of the gateway has in common: no identifying headers, a request ID, and
 * security headers.
 */
import express from 'express'
import type { Express, RequestHandler } from 'express'
import helmet from 'helmet'
import { assignRequestId } from './request.js'

export function bareApp(now: () => number): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use(assignRequestId(now))
  app.use(helmet({ crossOriginResourcePolicy: { policy: 'same-origin' } }))
  return app
}

/** `GET /healthz`: the process responds, whatever else does not work. */
export const alive: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' })
}
