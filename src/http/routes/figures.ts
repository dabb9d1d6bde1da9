/** Turnaround figures, as JSON or CSV. */
import { Router } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import type { Cases } from '../../cases/index.js'
import { csvRecord } from '../../lib/csv.js'
import { FIGURE_COLUMNS, figuresQuery } from '../../protocol/http/figures.js'
import type { Figure } from '../../protocol/http/figures.js'
import type { Reply } from '../../reply.js'
import { parseQuery } from '../parse.js'
import { admit } from '../request.js'

export interface FigureRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly cases: Pick<Cases, 'figures'>
  readonly reply: Pick<Reply, 'timesOf'>
  readonly now: () => number
}

export function figureRoutes({ gatekeeper, cases, reply, now }: FigureRouteRooms): Router {
  const router = Router()
  router.get('/turnaround', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'transfer.list')
    const { from, until = now(), format } = parseQuery(figuresQuery, request)
    await gatekeeper.noteListing(actor, 'cases')
    const { role, facility = '', groups } = session.principal
    const range = {
      ...{ from, until },
      ...(role === 'sender' && { facility }),
      ...(role === 'reader' && { groups }),
    }
    const figures = await cases.figures(range, (ids) => reply.timesOf(ids))
    if (format === 'json') response.json({ figures })
    else response.type('text/csv').send(csvOf(figures))
  })
  return router
}

const csvOf = (figures: readonly Figure[]): string =>
  [
    csvRecord(FIGURE_COLUMNS),
    ...figures.map((one) => csvRecord(FIGURE_COLUMNS.map((column) => String(one[column] ?? '')))),
  ].join('')
