/** Hand-overs between readers of a group. */
import { Router, json } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import type { Cases } from '../../cases/index.js'
import type { Critical } from '../../critical/index.js'
import type { Directory } from '../../directory/index.js'
import {
  acceptHandover,
  findHandover,
  giveHandover,
  itemsOf,
  listHandovers,
} from '../../duty/handover/index.js'
import type { Handed } from '../../duty/handover/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import type { Signers } from '../../ledger/rows/index.js'
import { NocturneError } from '../../lib/errors.js'
import { groupQuery, newHandover } from '../../protocol/http/handovers.js'
import type { HandoverAnswer, HandoverItem, HandoverView } from '../../protocol/http/handovers.js'
import type { State } from '../../state/index.js'
import type { CaseTable, HandoverTable } from '../../state/night/index.js'
import { parseBody, parseQuery } from '../parse.js'
import { admit } from '../request.js'

export interface HandoverRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly directory: Pick<Directory, 'principal' | 'usableRecipientsOf'>
  readonly cases: Pick<Cases, 'openMatters' | 'endClaimsOf'>
  readonly critical: Pick<Critical, 'list'>
  readonly state: State
  readonly ledger: Ledger
  readonly signers: Signers
  readonly site: { readonly config: { readonly gateway: { readonly name: string } } }
  readonly now: () => number
}

export function handoverRoutes(rooms: HandoverRouteRooms): Router {
  const { gatekeeper, directory, cases, state, ledger, now } = rooms
  const router = Router()
  const parts = {
    ...{ state, ledger, now },
    reads: (person: string, group: string): boolean =>
      directory.principal(person)?.groups.includes(group) === true,
    endClaims: (...[tx, reader, group, actor]: Parameters<EndClaims>) =>
      cases.endClaimsOf(tx, { reader, group, actor }),
  }

  router.get('/handovers', async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'handover.list')
    const { role, groups } = session.principal
    const rows = await listHandovers(parts, role === 'reader' ? groups : undefined)
    const sound = await rooms.signers.sift('handovers', rows, ({ giver }) => giver)
    response.json({ handovers: sound.map(viewOf) })
  })

  router.get('/handovers/recipients', async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'inbox.read')
    const { group } = parseQuery(groupQuery, request)
    if (!parts.reads(session.principal.id, group))
      throw new NocturneError('not_a_reader', { subject: group })
    const recipients = (await directory.usableRecipientsOf(group)).map(({ id, fingerprint }) => ({
      ...{ id, fingerprint },
      certificate: directory.principal(id)?.certificate ?? '',
    }))
    response.json({ gateway: rooms.site.config.gateway.name, recipients })
  })

  router.post('/handovers', json({ limit: '128kb' }), async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'inbox.read')
    const { group, note } = parseBody(newHandover, request)
    const { id: giver, certificate } = session.principal
    const items = await openItems(rooms, group, giver)
    response.json(
      answerOf(await giveHandover(parts, actor, { group, giver, items, note, certificate })),
    )
  })

  router.post('/handovers/:id/accept', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'inbox.read')
    const row = await findHandover(parts, request.params.id)
    const { id } = session.principal
    if (!row || !parts.reads(id, row.group_id)) throw new NocturneError('not_found')
    response.json(answerOf(await acceptHandover(parts, { id, actor }, row)))
  })

  return router
}

type EndClaims = Parameters<typeof acceptHandover>[0]['endClaims']

async function openItems(
  { cases, critical }: HandoverRouteRooms,
  group: string,
  giver: string,
): Promise<readonly HandoverItem[]> {
  const { claimed, waiting, preliminary } = await cases.openMatters(group, giver)
  const open = await critical.list({ groups: [group], isOpen: true })
  const of = (kind: HandoverItem['kind'], rows: readonly CaseTable[]): readonly HandoverItem[] =>
    rows.map(({ id, code, priority }) => ({ kind, id, code, priority }))
  return [
    ...of('claimed', claimed),
    ...of('waiting', waiting),
    ...of('preliminary', preliminary),
    ...open.map(({ id, code }) => ({ kind: 'critical' as const, id, code })),
  ]
}

const answerOf = ({ row, receipt }: Handed): HandoverAnswer => ({ handover: viewOf(row), receipt })

const viewOf = (row: HandoverTable): HandoverView => ({
  id: row.id,
  group: row.group_id,
  giver: row.giver,
  givenAt: new Date(row.given_at).toISOString(),
  items: itemsOf(row),
  certificate: row.certificate,
  ...(row.note !== null && { note: row.note }),
  ...(row.accepted_by !== null && { acceptedBy: row.accepted_by }),
  ...(row.accepted_at !== null && { acceptedAt: new Date(row.accepted_at).toISOString() }),
})
