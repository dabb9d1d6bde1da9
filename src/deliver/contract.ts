/** What the room needs from others, and the reader that it serves. */
import type { Directory, Principal } from '../directory/index.js'
import type { Cases } from '../cases/index.js'
import type { DutyMark } from '../duty/index.js'
import type { GroupConfig } from '../config/index.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import type { State } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { VerifyDetached } from '../seal/keys/index.js'
import type { IsKeyPacketFor } from './is-key-packet.js'
import type { Transfers } from '../transfer/index.js'

export interface DeliverRooms {
  /** For the downloads in progress, whose table belongs to this room. */
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record' | 'note' | 'proof'>
  readonly store: Pick<ObjectStore, 'get'>
  readonly transfers: Pick<Transfers, 'find' | 'available' | 'views' | 'claims' | 'contents'>
  readonly directory: Pick<Directory, 'principal' | 'group' | 'usableRecipientsOf'>
  readonly verifyDetached: VerifyDetached
  readonly isKeyPacketFor: IsKeyPacketFor
  /** Whether a time is within a group's duty hours; undefined for a group without duty hours. */
  readonly dutyAt: (group: GroupConfig | undefined, at: number) => DutyMark | undefined
  /** How a reader's actions affect the case, inside the transaction that records them. */
  readonly cases: Pick<Cases, 'renewForFetch' | 'opened'>
  /** Whether the last acknowledgement of a case closes it. */
  readonly closesCases: boolean
  /** Name of the gateway, which acknowledgements must state. */
  readonly gateway: string
  readonly now: () => number
}

/** A reader that the access room has authorized. */
export interface Reader {
  readonly principal: Principal
  readonly actor: Actor
}
