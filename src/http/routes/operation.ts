/** The site as it is, for operators: set-up, queues, tokens. */
import { Router } from 'express'
import type { Gatekeeper, Tokens } from '../../access/index.js'
import type { SiteConfig } from '../../config/index.js'
import type { Directory, KnownCertificate } from '../../directory/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import { lastOf } from '../../ledger/reviews/index.js'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import { VERSION } from '../../lib/version.js'
import type { Notify } from '../../notify/index.js'
import type { SiteAnswer, TokensAnswer } from '../../protocol/operation/http.js'
import type { CertificateWarnings } from '../../site/index.js'
import type { State } from '../../state/index.js'
import type { Transfers } from '../../transfer/index.js'
import { admit } from '../request.js'
import type { DoorState } from './health.js'

export interface OperationRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly site: { readonly config: SiteConfig }
  readonly directory: Pick<Directory, 'principal' | 'certificates'>
  readonly certificateWarnings: Pick<CertificateWarnings, 'all'>
  readonly transfers: Pick<Transfers, 'usedShares'> & {
    readonly sealed: Pick<Transfers['sealed'], 'edges'>
  }
  readonly notify: Pick<Notify, 'backlog'>
  readonly tokens: Pick<Tokens, 'list' | 'revoke'>
  readonly ledger: Pick<Ledger, 'proof'>
  readonly state: Pick<State, 'db'>
  readonly now: () => number
}

type Doors = Pick<DoorState, 'associations' | 'arrivals' | 'isDimseAway'>

export function operationRoutes(rooms: OperationRouteRooms, doors: Doors): Router {
  const { gatekeeper, tokens, ledger, now } = rooms
  const router = Router()

  router.get('/site', async (request, response) => {
    await admit(gatekeeper, request, 'site.read')
    response.json(await siteOf(rooms, doors))
  })

  router.get('/tokens', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'site.read')
    const all = await tokens.list()
    response.json({ tokens: all.map((one) => tokenView(one, now(), actor.token)) })
  })

  router.post('/tokens/:id/revoke', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'token.revoke')
    const { id } = request.params
    if (!ID_PATTERN.test(id)) throw new NocturneError('not_found')
    const { index } = await tokens.revoke(id, actor)
    response.json({ id, receipt: await ledger.proof(index) })
  })

  return router
}

async function siteOf(rooms: OperationRouteRooms, doors: Doors): Promise<SiteAnswer> {
  const { site, directory, certificateWarnings, transfers, notify, state } = rooms
  const { config } = site
  const [shares, known, warnings, notices, backup, edges] = await Promise.all([
    transfers.usedShares(),
    directory.certificates(),
    certificateWarnings.all(),
    notify.backlog(),
    lastOf(state.db, 'backup.made'),
    transfers.sealed.edges(),
  ])
  const people = peopleOf(rooms, known)
  return {
    name: config.gateway.name,
    version: VERSION,
    facilities: config.facilities.map(({ id, groups, profile, documents }) => ({
      ...{ id, groups: [...groups], profile: profile.name, documents },
      quota: shares.get(id) ?? 0,
    })),
    groups: config.groups.map(({ id, timezone }) => ({
      ...{ id, timezone },
      readers: people
        .filter(({ role, groups }) => role === 'reader' && groups.includes(id))
        .map((one) => one.id),
    })),
    people,
    certificates: warnings.map(({ principal, text }) => ({ principal, text })),
    doors: doorsOf(config, doors),
    edges: edgesOf(config, people, edges),
    notices,
    witnesses: config.witnesses.map(({ name }) => name),
    sinks: config.sinks.map(({ id }) => id),
    backup: {
      isConfigured: config.backup !== undefined,
      ...(backup && { lastAt: backup.entry.time }),
    },
  }
}

/** Facilities are principals too, and so are people who were invited: not all are in the file. */
function peopleOf(
  { site: { config }, directory }: OperationRouteRooms,
  known: readonly KnownCertificate[],
): SiteAnswer['people'] {
  const certificates = new Map(known.map((one) => [one.principal, one]))
  const configured = new Map(config.people.map(({ id, role }) => [id, role]))
  const all = new Set([...config.facilities.map(({ id }) => id), ...configured.keys()])
  for (const { principal } of known) {
    const role = directory.principal(principal)?.role
    if (role !== undefined && role !== 'recovery') all.add(principal)
  }
  return [...all].map((id) => {
    const principal = directory.principal(id)
    const certificate = certificates.get(id)
    return {
      id,
      role: principal?.role ?? configured.get(id) ?? 'sender',
      groups: [...(principal?.groups ?? [])],
      ...(principal?.facility !== undefined && { facility: principal.facility }),
      ...(certificate && { fingerprint: certificate.fingerprint }),
      ...(certificate?.usableUntil && { usableUntil: certificate.usableUntil.toISOString() }),
      isRevoked: certificate?.isRevoked === true,
    }
  })
}

function edgesOf(
  { facilities }: SiteConfig,
  people: SiteAnswer['people'],
  counts: Awaited<ReturnType<Transfers['sealed']['edges']>>,
): SiteAnswer['edges'] {
  return facilities.flatMap(({ id: facility, edges = [] }) =>
    edges.map((id) => {
      const { transfers = 0, held = 0, lastAt } = counts.get(id) ?? {}
      const person = people.find((one) => one.id === id)
      return {
        ...{ id, facility, transfers, held },
        isRegistered: person?.fingerprint !== undefined && !person.isRevoked,
        ...(lastAt !== undefined && { lastAt: new Date(lastAt).toISOString() }),
      }
    }),
  )
}

function doorsOf({ doors: { stow, dimse } }: SiteConfig, state: Doors): SiteAnswer['doors'] {
  return {
    stow,
    ...(dimse && {
      dimse: {
        listen: `${dimse.host}:${String(dimse.port)}`,
        aeTitle: dimse.aeTitle,
        isTls: dimse.tls !== undefined,
        isOpen: !state.isDimseAway(),
        peers: dimse.peers.map(({ aeTitle, facility }) => ({ aeTitle, facility })),
      },
    }),
    associations: state.associations(),
    arriving: state.arrivals.count,
  }
}

type Listed = Awaited<ReturnType<Tokens['list']>>[number]

function tokenView(
  { id, principal, method, createdAt, expiresAt, revokedAt, lastUsedAt }: Listed,
  now: number,
  own: string | undefined,
): TokensAnswer['tokens'][number] {
  const state = revokedAt !== undefined ? 'revoked' : expiresAt <= now ? 'expired' : 'valid'
  return {
    ...{ id, principal, method, state },
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    ...(lastUsedAt !== undefined && { lastUsedAt: new Date(lastUsedAt).toISOString() }),
    isOwn: id === own,
  }
}
