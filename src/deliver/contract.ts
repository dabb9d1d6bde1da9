/** What the room asks of others, and the reader whom it serves. */
import type { Directory, Principal } from '../directory/index.js'
import type { Cases } from '../cases/index.js'
import type { DutyMark } from '../duty/index.js'
import type { GroupConfig } from '../config/index.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import type { State } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { VerifyDetached } from './acknowledgement.js'
import type { IsKeyPacketFor } from './is-key-packet.js'
import type { Transfers } from '../transfer/index.js'

export interface DeliverRooms {
  /** For the downloads under way, which are this room's own. */
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record' | 'note' | 'proof'>
  readonly store: Pick<ObjectStore, 'get'>
  readonly transfers: Pick<Transfers, 'find' | 'available' | 'views' | 'claims' | 'contents'>
  readonly directory: Pick<Directory, 'principal' | 'group' | 'usableRecipientsOf'>
  readonly verifyDetached: VerifyDetached
  readonly isKeyPacketFor: IsKeyPacketFor
  /** Whether a moment is within a group's duty hours; undefined for a group without any. */
  readonly dutyAt: (group: GroupConfig | undefined, at: number) => DutyMark | undefined
  /** What reading does to the case, inside the transaction that records it. */
  readonly cases: Pick<Cases, 'worked' | 'opened'>
  /** The last acknowledgement of a case closes it. */
  readonly closesCases: boolean
  /** The gateway's name, which acknowledgements must carry. */
  readonly gateway: string
  readonly now: () => number
}

/** A reader who may: the access room has decided. */
export interface Reader {
  readonly principal: Principal
  readonly actor: Actor
}
