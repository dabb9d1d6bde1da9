/** Packs of evidence for officers, each a ZIP that can be verified without the gateway. */
import { Router } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import { zipOf } from '../../lib/zip.js'
import type { Officer } from '../../officer/index.js'
import { providerQuery } from '../../protocol/http/packs.js'
import { parseQuery } from '../parse.js'
import { admit } from '../request.js'
import { sendFile } from '../send-file.js'

export interface PackRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly officer: Pick<Officer, 'anomalies' | 'auditProvider' | 'practices' | 'safeguards'>
}

export function packRoutes({ gatekeeper, officer }: PackRouteRooms, origin: () => string): Router {
  const router = Router()
  router.get('/provider-audits/:group', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const { year } = parseQuery(providerQuery, request)
    const { group } = request.params
    const files = await officer.auditProvider(actor, { group, year })
    await sendFile(response, 'application/zip', 'provider-audit.zip', zipOf(files))
  })
  router.get('/audit/anomalies/pack', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.export')
    const files = await officer.anomalies(actor)
    await sendFile(response, 'application/zip', 'anomalies.zip', zipOf(files))
  })
  router.get('/safeguards', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const files = await officer.safeguards(actor, origin())
    await sendFile(response, 'application/zip', 'safeguards.zip', zipOf(files))
  })
  router.get('/practices', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    await sendFile(
      response,
      'application/zip',
      'practices.zip',
      zipOf(await officer.practices(actor)),
    )
  })
  return router
}
