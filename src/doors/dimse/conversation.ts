/**
 * The messages of one association that a peer opened: dispatches each to the service that answers
 * it.
 */
import type { Association } from './association.js'
import type { EndedHow } from './ending.js'
import { AssociationEndedError } from './ending.js'
import { CommandField, Status, eventRequest, isResponse, responseTo } from './command.js'
import type { Message } from './messages.js'
import { COMMITMENT, COMMITMENT_INSTANCE, STEP, VERIFICATION, isStorage } from './negotiate.js'
import type { AcceptedContext } from './negotiate.js'
import { encodeStart } from '../../dicom/write/index.js'

export interface Caller {
  readonly aeTitle: string
  readonly address: string
  readonly facility: string
}

/**
 * One C-STORE request. `file` is a complete Part 10 file that is pulled from the peer as it is
 * read.
 */
export interface ArrivingInstance {
  readonly sopClass: string
  readonly sopInstance: string
  readonly file: AsyncIterable<Buffer>
}

export interface Answer {
  readonly status: number
  /** One of our own fixed texts, for the people at the other end. */
  readonly comment?: string
}

/** What one association delivers, from its first instance to its end. */
export interface Session {
  /**
   * Resolves when the instance is durable or has been refused. Must throw nothing but errors from
   * `file`.
   */
  store(instance: ArrivingInstance): Promise<Answer>
  /** Called once; the session is not used afterwards. Never throws. */
  end(how: EndedHow | 'released'): Promise<void>
}

export interface CommitmentRequest {
  readonly caller: Caller
  readonly data: AsyncIterable<Buffer>
  readonly transferSyntax: string
  /** Sends the report over the association of the request, while it is open. */
  readonly report: (eventType: number, data: Buffer) => Promise<void>
}

/** N-CREATE or N-SET of one step. */
export interface StepRequest {
  readonly caller: Caller
  readonly isNew: boolean
  readonly sopInstance: string
  readonly data: AsyncIterable<Buffer>
  readonly transferSyntax: string
}

export interface Services {
  open(caller: Caller): Session
  /** Answers N-ACTION. `afterwards` sends the report once the answer is out. */
  commit?(
    request: CommitmentRequest,
  ): Promise<{ readonly answer: Answer; readonly afterwards: () => Promise<void> }>
  /** Answers N-CREATE and N-SET of Modality Performed Procedure Step. */
  step?(request: StepRequest): Promise<Answer>
  /** Called for every association or connection that was refused. */
  refused(why: Refusal): void
}

export interface Refusal {
  readonly address: string
  /**
   * Result, source and reason (PS3.8 Table 9-21); none when the connection was closed before an
   * association was requested.
   */
  readonly rejection?: readonly [number, number, number]
  /** The facility of the configured peer, if the caller is one. */
  readonly facility: string | undefined
  readonly crowd?: Crowd
}

/**
 * What there were too many of: associations in all, of the AE title, from the address; or
 * connections on which nobody asked for an association.
 */
export type Crowd = 'all' | 'title' | 'address' | 'silent'

/** Answers the messages of one association, one at a time. */
export class Conversation {
  readonly #caller: Caller
  readonly #association: Association
  readonly #contexts: ReadonlyMap<number, AcceptedContext>
  readonly #services: Services
  #session: Session | undefined
  #messageId = 0

  constructor(
    caller: Caller,
    association: Association,
    contexts: ReadonlyMap<number, AcceptedContext>,
    services: Services,
  ) {
    this.#caller = caller
    this.#association = association
    this.#contexts = contexts
    this.#services = services
  }

  async answer(message: Message): Promise<void> {
    const { command, contextId } = message
    const context = this.#contexts.get(contextId)
    if (!context) {
      await this.#association.abort()
      throw new AssociationEndedError('violation')
    }
    // Ignores responses to our own requests, and cancellations, which always arrive after the
    // operation has finished.
    if (isResponse(command) || command.field === CommandField.cancelRq) return
    if (command.field === CommandField.actionRq && context.abstractSyntax === COMMITMENT) {
      await this.#commit(message, context)
      return
    }
    const answer = await this.#answerTo(message, context)
    await this.#respond(message, answer)
  }

  async end(how: EndedHow | 'released'): Promise<void> {
    await this.#session?.end(how)
  }

  async #answerTo({ command, data }: Message, context: AcceptedContext): Promise<Answer> {
    switch (command.field) {
      case CommandField.echoRq:
        return {
          status:
            context.abstractSyntax === VERIFICATION ? Status.success : Status.classNotSupported,
        }
      case CommandField.storeRq: {
        const { sopClass, sopInstance } = command
        if (sopClass !== context.abstractSyntax || !isStorage(sopClass))
          return { status: Status.classNotSupported }
        if (sopInstance === undefined) return { status: Status.invalidInstance }
        if (data === undefined) return { status: Status.cannotUnderstand }
        const { transferSyntax } = context
        const file = fileOf(encodeStart(sopClass, sopInstance, transferSyntax), data)
        this.#session ??= this.#services.open(this.#caller)
        return this.#session.store({ sopClass, sopInstance, file })
      }
      case CommandField.createRq:
      case CommandField.setRq: {
        const { sopInstance, field } = command
        if (context.abstractSyntax !== STEP || !this.#services.step)
          return { status: Status.unrecognizedOperation }
        if (sopInstance === undefined) return { status: Status.invalidInstance }
        if (data === undefined) return { status: Status.cannotUnderstand }
        const { transferSyntax } = context
        const isNew = field === CommandField.createRq
        const request = { caller: this.#caller, isNew, sopInstance, data, transferSyntax }
        return this.#services.step(request)
      }
      default:
        return { status: Status.unrecognizedOperation }
    }
  }

  async #commit(message: Message, { transferSyntax }: AcceptedContext): Promise<void> {
    const { data, command, contextId } = message
    if (!this.#services.commit || data === undefined || command.actionType !== 1) {
      await this.#respond(message, {
        status: command.actionType === 1 ? Status.processingFailure : Status.noSuchAction,
      })
      return
    }
    const { answer, afterwards } = await this.#services.commit({
      caller: this.#caller,
      data,
      transferSyntax,
      report: (eventType, report) => this.#report(contextId, eventType, report),
    })
    await this.#respond(message, answer)
    await afterwards()
  }

  async #report(contextId: number, eventType: number, data: Buffer): Promise<void> {
    this.#messageId = (this.#messageId % 0xffff) + 1
    const sop = { sopClass: COMMITMENT, sopInstance: COMMITMENT_INSTANCE }
    await this.#association.send(contextId, eventRequest(this.#messageId, sop, eventType), [data])
  }

  /**
   * Responds only after the whole request has been read: some peers do not read until they have
   * sent everything.
   */
  async #respond(
    { contextId, command, data }: Message,
    { status, comment }: Answer,
  ): Promise<void> {
    for (const rest = data?.[Symbol.asyncIterator](); rest && (await rest.next()).done !== true;);
    await this.#association.send(contextId, responseTo(command, status, comment))
  }
}

async function* fileOf(start: Buffer, data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield start
  yield* data
}
