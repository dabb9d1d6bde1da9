/** The two routes of the store transaction, from request to response. */
import { Router } from 'express'
import type { Request, Response } from 'express'
import type { Asker, Gatekeeper } from '../../access/index.js'
import type { Arrivals, Wanted } from '../../arrivals.js'
import type { SiteConfig } from '../../config/index.js'
import type { Directory } from '../../directory/index.js'
import type { Metrics } from '../../http/metrics.js'
import { admit, facilityOf } from '../../http/request.js'
import { NocturneError } from '../../lib/errors.js'
import type { UploadGate } from '../upload-gate.js'
import { answerTo } from './answer.js'
import type { StoreAnswer } from './answer.js'
import { paced } from './paced.js'
import { partsOf, relatedType } from './multipart.js'
import type { BodyPart, RelatedType } from './multipart.js'
import { answerType, render } from './render.js'
import type { AnswerType } from './render.js'
import { storeAll } from './store.js'

export interface StowRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly directory: Pick<Directory, 'facility'>
  readonly site: { readonly config: Pick<SiteConfig, 'limits'> }
}

export interface StowParts {
  readonly rooms: StowRooms
  readonly arrivals: Pick<Arrivals, 'take' | 'closeNow'>
  readonly gate: UploadGate
  readonly metrics: Pick<Metrics, 'item'>
}

export function stowRoutes(parts: StowParts): Router {
  const router = Router()
  const store = async (request: Request<{ study?: string }>, response: Response) => {
    const asker = await admit(parts.rooms.gatekeeper, request, 'transfer.create')
    const type = answerType(request.headers.accept)
    if (type === undefined) throw new NocturneError('not_acceptable')
    const wanted = wantedOf(parts.rooms, asker, request)
    const body = bodyOf(request, parts.rooms.site.config.limits.idleSeconds)
    await parts.gate.pass(async () => {
      const answer = await storeBody(parts, asker, wanted, body, request.params.study)
      send(response, answer, type)
    })
  }
  router.post('/studies', store)
  router.post('/studies/:study', store)
  return router
}

interface WantedStore extends Wanted {
  readonly complete: boolean
}

/**
 * Reads our own query parameters; DICOM defines none for this transaction.
 *
 * @throws NocturneError `bad_field`, `unknown_group`
 */
function wantedOf({ directory }: StowRooms, asker: Asker, { query }: Request): WantedStore {
  const { group, priority, complete = 'false' } = query
  if (complete !== 'true' && complete !== 'false') throw new NocturneError('bad_field')
  const known = PRIORITIES.find((one) => one === priority)
  if (priority !== undefined && known === undefined) throw new NocturneError('bad_field')
  const groups = directory.facility(facilityOf(asker))?.groups ?? []
  const named = groups.find((one) => one === group)
  if (group !== undefined && named === undefined) throw new NocturneError('unknown_group')
  return {
    complete: complete === 'true',
    ...(named !== undefined && { group: named }),
    ...(known !== undefined && { priority: known }),
  }
}

const PRIORITIES = ['routine', 'urgent', 'stat'] as const

/** @throws NocturneError `not_stow` */
function bodyOf(
  request: Request,
  idleSeconds: number,
): { readonly parts: AsyncIterable<BodyPart> | Iterable<BodyPart>; readonly type: string } {
  const contentType = request.headers['content-type']
  const octets = paced(request, idleSeconds * 1_000)
  const related: RelatedType | undefined = relatedType(contentType)
  if (related && (related.type === '' || related.type === 'application/dicom')) {
    return { parts: partsOf(octets, related.boundary), type: 'application/dicom' }
  }
  // A body that is a single instance is not in the standard, but AWS and Azure accept it too.
  if (/^application\/dicom[ \t]*(;|$)/i.test(contentType ?? '')) {
    return { parts: alone(octets), type: 'application/dicom' }
  }
  throw new NocturneError('not_stow')
}

function* alone(bytes: AsyncIterable<Buffer>): Generator<BodyPart, void> {
  yield { contentType: 'application/dicom', bytes }
}

async function storeBody(
  { rooms, arrivals, metrics }: Omit<StowParts, 'gate'>,
  { actor, session }: Asker,
  wanted: WantedStore,
  body: ReturnType<typeof bodyOf>,
  study: string | undefined,
): Promise<StoreAnswer> {
  const bringer = { actor, facility: session.principal.facility ?? '', wanted }
  const { outcomes, transfers } = await storeAll(
    {
      take: (who, part, onSigns) => arrivals.take(who, part, onSigns),
      count: (outcome) => metrics.item(outcome),
      limits: rooms.site.config.limits,
    },
    bringer,
    body.parts,
    { study, type: body.type },
  )
  if (wanted.complete) for (const transfer of transfers) await arrivals.closeNow(transfer)
  return answerTo(outcomes)
}

/**
 * With a charset parameter, clients read an empty data set. Express would add one, so the octets
 * are sent directly.
 */
function send(
  response: Response,
  { status, dataSet, warning }: StoreAnswer,
  type: AnswerType,
): void {
  const bytes = Buffer.from(render(dataSet, type))
  response.status(status)
  if (status === 503) response.setHeader('Retry-After', '10')
  if (warning !== undefined) response.setHeader('Warning', `299 nocturne "${warning}"`)
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', bytes.length)
  response.end(bytes)
}
