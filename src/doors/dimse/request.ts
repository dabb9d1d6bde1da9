/** The requestor's side of an association: sends storage commitment reports, and instances. */
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { EXPLICIT, IMPLICIT } from '../../dicom/elements/index.js'
import type { Encoding } from '../../dicom/elements/index.js'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom/write/index.js'
import { Association } from './association.js'
import { MAX_PDU } from './pdu-exchange.js'
import { AssociationEndedError } from './ending.js'
import type { Timing } from './machine.js'
import type { Pieces } from './fragments.js'
import { eventRequest, queryRequest, storeRequest } from './command.js'
import type { Command } from './command.js'
import { ContextResult } from './items.js'
import type { ProposedContext, RoleSelection } from './items.js'
import { Messages } from './messages.js'
import {
  APPLICATION_CONTEXT,
  COMMITMENT,
  COMMITMENT_INSTANCE,
  IMPLICIT_LITTLE,
} from './negotiate.js'

export interface Destination {
  readonly host: string
  readonly port: number
  readonly called: string
  readonly calling: string
  /**
   * PEM. If set, everything is sent over TLS, and the peer's certificate must be verified by `ca`:
   * it must be the configured one or issued by the configured authority. The name in it counts only
   * with `namesHost`.
   */
  readonly tls?: {
    readonly ca: string
    readonly cert?: string
    readonly key?: string
    readonly namesHost?: boolean
  }
}

export interface Requestor {
  /**
   * Sends N-EVENT-REPORT of a storage commitment.
   *
   * @returns the status of the response; undefined when the context was not accepted.
   * @throws AssociationEndedError
   */
  report(eventType: number, dataSet: (encoding: Encoding) => Buffer): Promise<number | undefined>
  /**
   * Sends C-STORE of one instance, whose data set is in this transfer syntax.
   *
   * @returns the status of the response; undefined when no such context was accepted.
   * @throws AssociationEndedError
   */
  store(
    instance: {
      readonly sopClass: string
      readonly sopInstance: string
      readonly transferSyntax: string
    },
    dataSet: Pieces,
  ): Promise<number | undefined>
  /**
   * Sends C-FIND, or C-MOVE to an AE title.
   *
   * @param onMatch called with each identifier that the peer returns; it must read all of it
   * @returns the last response; undefined when the context was not accepted.
   * @throws AssociationEndedError, and whatever `onMatch` throws
   */
  query(
    query: {
      readonly sopClass: string
      readonly destination?: string
      readonly identifier: (encoding: Encoding) => Buffer
    },
    onMatch?: (data: AsyncIterable<Buffer>, encoding: Encoding) => Promise<void>,
  ): Promise<Command | undefined>
  release(): Promise<void>
  abort(): Promise<void>
}

/**
 * Requests an association with a separate context for each pair of SOP class and transfer syntax,
 * at most 128, so that nothing has to be transcoded.
 *
 * @throws AssociationEndedError, or the system's error when the peer cannot be reached.
 */
export async function requestAssociation(
  to: Destination,
  timing: Timing,
  contexts: readonly Omit<ProposedContext, 'id'>[],
  roles: readonly RoleSelection[] = [],
): Promise<Requestor> {
  const socket = await connected(to, timing.artimMs)
  const proposed = contexts.map((context, i) => ({ id: 2 * i + 1, ...context }))
  const { association, answer } = await Association.request(socket, timing, {
    kind: 'associate-rq',
    protocolVersion: 1,
    called: to.called,
    calling: to.calling,
    applicationContext: APPLICATION_CONTEXT,
    contexts: proposed,
    user: {
      maxLength: MAX_PDU,
      implementationClass: IMPLEMENTATION_CLASS_UID,
      implementationVersion: IMPLEMENTATION_VERSION_NAME,
      asyncOperations: undefined,
      roles,
    },
  })
  const accepted = answer.contexts.flatMap(({ id, result, transferSyntax }) => {
    const context = proposed.find((one) => one.id === id)
    return context && result === ContextResult.acceptance
      ? [{ id, sopClass: context.abstractSyntax, transferSyntax }]
      : []
  })
  return requestor(association, (sopClass, transferSyntax) =>
    accepted.find(
      (one) =>
        one.sopClass === sopClass &&
        (transferSyntax === undefined || one.transferSyntax === transferSyntax),
    ),
  )
}

/** More responses follow (PS3.4 Tables C.4-1 and C.4-2). */
const PENDING: ReadonlySet<number> = new Set([0xff00, 0xff01])

interface AgreedContext {
  readonly id: number
  readonly transferSyntax: string
}

function requestor(
  association: Association,
  contextFor: (sopClass: string, transferSyntax?: string) => AgreedContext | undefined,
): Requestor {
  const messages = new Messages(association)
  let messageId = 0
  const nextId = () => (messageId = (messageId % 0xffff) + 1)
  const answerTo = async (
    id: number,
    onPending: (data: AsyncIterable<Buffer>) => Promise<void> = () => Promise.resolve(),
  ): Promise<Command> => {
    for (let next = await messages.next(); next; next = await messages.next()) {
      const { respondedTo, status }: Command = next.command
      if (respondedTo !== id || status === undefined) continue
      if (!PENDING.has(status)) return next.command
      if (next.data) await onPending(next.data)
    }
    throw new AssociationEndedError('closed')
  }
  const ask = async (
    context: AgreedContext | undefined,
    command: (id: number) => Buffer,
    data?: Pieces,
  ): Promise<number | undefined> => {
    if (context === undefined) return undefined
    const id = nextId()
    await association.send(context.id, command(id), data)
    return (await answerTo(id)).status
  }
  const encodingOf = (context: AgreedContext | undefined) =>
    context?.transferSyntax === IMPLICIT_LITTLE ? IMPLICIT : EXPLICIT
  return {
    report: (eventType, dataSet) => {
      const context = contextFor(COMMITMENT)
      const encoding = encodingOf(context)
      const sop = { sopClass: COMMITMENT, sopInstance: COMMITMENT_INSTANCE }
      return ask(context, (id) => eventRequest(id, sop, eventType), [dataSet(encoding)])
    },
    store: ({ transferSyntax, ...sop }, dataSet) =>
      ask(contextFor(sop.sopClass, transferSyntax), (id) => storeRequest(id, sop), dataSet),
    query: async ({ sopClass, destination, identifier }, onMatch) => {
      const context = contextFor(sopClass)
      if (!context) return undefined
      const encoding = encodingOf(context)
      const id = nextId()
      const command = queryRequest(id, sopClass, destination)
      await association.send(context.id, command, [identifier(encoding)])
      return answerTo(id, (data) => onMatch?.(data, encoding) ?? Promise.resolve())
    },
    release: () => association.release(),
    abort: () => association.abort(),
  }
}

/** @throws the system's error, or AssociationEndedError `slow`. */
async function connected({ host, port, tls }: Destination, withinMs: number): Promise<Socket> {
  const { namesHost = false, ...files } = tls ?? {}
  const socket = tls
    ? connectTls({
        ...{ host, port, ...files },
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        ...(!namesHost && { checkServerIdentity: () => undefined }),
      })
    : connectPlain({ host, port })
  socket.setNoDelay(true)
  const late = setTimeout(() => socket.destroy(new AssociationEndedError('slow')), withinMs)
  try {
    await once(socket, tls ? 'secureConnect' : 'connect')
  } finally {
    clearTimeout(late)
  }
  return socket
}
