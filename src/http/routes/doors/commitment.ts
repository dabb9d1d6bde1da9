/** Storage commitment over DICOMweb (PS3.18 chapter 13). */
import { Router, json } from 'express'
import type { Request, Response } from 'express'
import type { Gatekeeper } from '../../../access/index.js'
import { answerType, createWebCommitments, render } from '../../../doors/stow/index.js'
import type { AnswerType, StoreAnswer, WebCommitmentParts } from '../../../doors/stow/index.js'
import type { Ledger } from '../../../ledger/log/index.js'
import { NocturneError } from '../../../lib/errors.js'
import { admit, facilityOf } from '../../request.js'

export interface CommitmentRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly transfers: Pick<WebCommitmentParts, 'deposits'>
  readonly ledger: Pick<Ledger, 'note'>
}

const BODY = json({ limit: '4mb', type: ['application/dicom+json', 'application/json'] })

export function commitmentRoutes({ gatekeeper, transfers, ledger }: CommitmentRouteRooms): Router {
  const commitments = createWebCommitments({
    deposits: (facility, references) => transfers.deposits(facility, references),
    note: (event) => ledger.note(event),
  })
  const router = Router()
  const asking = async (request: Request, response: Response) => {
    const asker = await admit(gatekeeper, request, 'transfer.create')
    const type = answerType(request.headers.accept)
    if (type === undefined) throw new NocturneError('not_acceptable')
    const sender = { actor: asker.actor, facility: facilityOf(asker) }
    return { sender, send: sendDataSet(response, type) }
  }
  router.post(
    '/commitment-requests/:uid',
    BODY,
    async (request: Request<{ uid: string }>, response) => {
      const { sender, send } = await asking(request as Request, response)
      send(await commitments.request(sender, request.params.uid, request.body))
    },
  )
  router.get('/commitment-requests/:uid', async (request: Request<{ uid: string }>, response) => {
    const { sender, send } = await asking(request as Request, response)
    send(commitments.result(sender.facility, request.params.uid))
  })
  return router
}

/**
 * With a charset parameter, clients read an empty data set. Express would add one, so the octets
 * are sent directly.
 */
export const sendDataSet =
  (response: Response, type: AnswerType) =>
  (dataSet: StoreAnswer['dataSet']): void => {
    const bytes = Buffer.from(render(dataSet, type))
    response.setHeader('Content-Type', type)
    response.setHeader('Content-Length', bytes.length)
    response.end(bytes)
  }
