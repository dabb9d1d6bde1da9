/**
 * The main path for a study that arrives instance by instance: the same steps as in `transfer.ts`,
 * except that each instance is committed as soon as it is durable, and the transfer is completed
 * when the study is.
 */
import type { Directory } from './directory/index.js'
import type { Waits } from './intake/index.js'
import type { Actor } from './ledger/log/index.js'
import type { Code } from './lib/errors.js'
import { receive } from './receive/index.js'
import type { Part } from './receive/index.js'
import { newEnvelope } from './seal/index.js'
import type { Envelope } from './seal/index.js'
import { clearing, rulesOf } from './transfer.js'
import type { PathRooms } from './transfer.js'
import type { Priority } from './state/index.js'
import type { Clear, ItemAnswer } from './transfer/index.js'
import type { Transfers, UploadTarget } from './transfer/index.js'

type OpenGathering = Awaited<ReturnType<Transfers['gather']>>
type AboutPart = NonNullable<Parameters<OpenGathering['add']>[2]>

export type GatheringRooms = Omit<PathRooms, 'transfers' | 'expectAllowed' | 'directory'> & {
  readonly directory: PathRooms['directory'] & Pick<Directory, 'recipientsOfAny'>
  readonly transfers: Pick<Transfers, 'gather'>
}

/**
 * How a study is begun.
 * @throws NocturneError as `Gathering.begin`
 */
export type BeginGathering = (target: UploadTarget, study: string) => Promise<Gathering>

/**
 * How a study that waits is given to a group, behind the gates.
 * @throws NocturneError as `Transfers.waiting.assign`, and those of the gates
 */
export type AssignStudy = (
  actor: UploadTarget['actor'],
  study: Pick<UploadTarget, 'facility' | 'priority'> & { readonly transfer: string },
  to: { readonly group: string; readonly priority: UploadTarget['priority'] | undefined },
) => Promise<Pick<UploadTarget, 'group' | 'priority'>>

/** The sender of an instance. */
export interface Sender {
  readonly actor: Actor
  readonly facility: string
  /** Only for a DIMSE peer. */
  readonly aeTitle?: string
  /** The destination that the sender requested, as far as it gave one. */
  readonly wanted?: Wanted
}

export interface Wanted {
  readonly group?: string
  readonly priority?: Priority
}

export interface Route {
  readonly group: string
  readonly priority: Priority
  /** Named by a rule; otherwise the facility's own. */
  readonly profile?: string
  /** Why it waits for a person; `group` is NO_GROUP then. */
  readonly waits?: Waits
  /** For a prior study: the transfer of the study that it was asked for. */
  readonly priorOf?: string
}

/** Instances with the same key go to the same transfer while it is open. */
export const keyOf = ({ facility, group, priorOf = '' }: UploadTarget, study: string): string =>
  [facility, group, study, priorOf].join('/')

export const routeOf = ({ group, priority, profile, waits, priorOf }: UploadTarget): Route => ({
  ...{ group, priority },
  ...(profile !== undefined && { profile }),
  ...(waits !== undefined && { waits }),
  ...(priorOf !== undefined && { priorOf }),
})

export const studyKeyOf = ({ facility }: Pick<UploadTarget, 'facility'>, study: string): string =>
  `${facility}/${study}`

/**
 * Errors of a single sender's connection. Like errors of a single item they leave the current
 * envelope usable; after any other error, the next instance starts a new one.
 */
export const ITEM_ALONE: ReadonlySet<Code> = new Set([
  'association_broken',
  'broken_multipart',
  'slow_client',
  'unauthenticated',
])
/** The transfer accepts no more: it is closed, and the next instance starts a new one. */
export const FULL: ReadonlySet<Code> = new Set(['too_many_items', 'transfer_too_large'])

export class Gathering {
  readonly #rooms: GatheringRooms
  readonly #open: OpenGathering
  readonly #envelope: Envelope
  readonly #clear: Clear

  private constructor(
    rooms: GatheringRooms,
    open: OpenGathering,
    envelope: Envelope,
    clear: Clear,
  ) {
    this.#rooms = rooms
    this.#open = open
    this.#envelope = envelope
    this.#clear = clear
  }

  /**
   * @throws NocturneError as `Upload.begin`
   */
  static async begin(
    rooms: GatheringRooms,
    target: UploadTarget,
    study: string,
  ): Promise<Gathering> {
    await rooms.gatewayKeys.expectFit()
    const recipients = await recipientsOf(rooms, target)
    const envelope = await newEnvelope(recipients, new Date(rooms.now()))
    await rooms.facilityKeys.expectInUse(target.facility)
    const open = await rooms.transfers.gather(target, envelope, study)
    const rules = rulesOf(rooms, target, open)
    const clear = clearing(rooms, envelope, rules, () => open.newObjectKey())
    return new Gathering(rooms, open, envelope, clear)
  }

  get transfer(): string {
    return this.#open.transfer
  }

  get hasKept(): boolean {
    return this.#open.hasKept
  }

  /**
   * Resolves when every item of the part is durable or has an outcome. Calls may overlap.
   * @throws NocturneError; nothing of the part is kept then
   */
  add(part: Part, about?: AboutPart): Promise<readonly ItemAnswer[]> {
    return this.#open.add(receive(part, this.#rooms.limits), this.#clear, about)
  }

  /**
   * Ends the envelope.
   * @throws store and ledger errors
   */
  async end(): Promise<void> {
    try {
      await this.#open.end()
    } finally {
      this.#envelope.close()
    }
  }

  /**
   * Gives up after a failure that affects later steps: what was kept stays, and the sweep cleans up
   * the rest.
   */
  leave(): void {
    this.#open.leave()
    this.#envelope.close()
  }

  /** Gives up when nothing was kept. Never throws. */
  async abandon(cause: unknown): Promise<void> {
    await this.#open.abandon(cause)
    this.#envelope.close()
  }
}

/** A study whose group is not known yet is sealed to all that may become its readers. */
const recipientsOf = ({ directory }: GatheringRooms, { facility, group, waits }: UploadTarget) =>
  waits === undefined
    ? directory.sealingRecipientsOf(group)
    : directory.recipientsOfAny(directory.facility(facility)?.groups ?? [])
