import type { Express } from 'express'
import { NocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { alive, bareApp } from './bare-app.js'
import { sendOutcome } from './fhir/outcome.js'
import { problemHandler } from './problem.js'

/**
 * The application that responds until the rooms are open.
 *
 * @param readiness returns what the start is waiting for.
 */
export function createOpeningApp(
  logger: Logger,
  readiness: () => object,
  now: () => number,
): Express {
  const app = bareApp(now)
  app.get('/healthz', alive)
  app.get('/readyz', (_request, response) => {
    response.status(503).json(readiness())
  })
  app.use('/fhir', (_request, response) => {
    sendOutcome(response, new NocturneError('gateway_opening'))
  })
  app.use(() => {
    throw new NocturneError('gateway_opening')
  })
  app.use(problemHandler(logger))
  return app
}
