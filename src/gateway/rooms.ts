/** Opens the rooms of a site and connects them. The caller must close them. */
import type { Compliance } from '../compliance/index.js'
import type { Site } from '../config/index.js'
import { Gathering } from '../gathering.js'
import type { AssignStudy, BeginGathering } from '../gathering.js'
import { changesSince } from '../ledger/following/index.js'
import { readSealed } from '../protocol/sealing/statement.js'
import { createFollowing } from '../running/following.js'
import type { Following } from '../running/following.js'
import type { EdgeState } from '../transfer/sealed/index.js'
import { Upload } from '../transfer.js'
import type { BeginUpload, PathRooms } from '../transfer.js'
import type { Transfers, UploadTarget } from '../transfer/index.js'
import { openAsking } from './asking.js'
import type { AskingRooms } from './asking.js'
import { Opened, openGround } from './ground.js'
import type { Ground, RoomOptions } from './ground.js'
import { openOffice } from './office.js'
import type { OfficeRooms } from './office.js'
import { openOversight } from './oversight.js'
import type { OversightRooms } from './oversight.js'
import { openReading } from './reading.js'
import type { ReadingRooms } from './reading.js'
import { openRecords } from './records.js'
import { openRetention } from './retention.js'
import type { RetentionRooms } from './retention.js'
import type { RecordRooms } from './records.js'
import { expectSender } from './senders.js'
import { openTimekeeping } from './timekeeping.js'
import type { Timekeeping } from '../timekeeping/index.js'

/** All rooms. Only compositions see this; everything else declares the part that it needs. */
export interface Rooms
  extends
    Omit<
      Ground,
      | 'gatewayKeyUntil'
      | 'edge'
      | 'spool'
      | 'holder'
      | 'origin'
      | 'secret'
      | 'keys'
      | 'steady'
      | 'serverTime'
    >,
    RecordRooms,
    ReadingRooms,
    AskingRooms,
    OversightRooms,
    OfficeRooms,
    RetentionRooms {
  readonly timekeeping: Timekeeping
  readonly following: Following
  /** The main path, used by every door. */
  readonly beginUpload: BeginUpload
  /** The same, for studies that arrive instance by instance. */
  readonly beginGathering: BeginGathering
  /** The same, for transfers that an edge sealed. */
  readonly beginSealed: Transfers['sealed']['begin']
  /**
   * Asked when an upload or an instance has arrived: the sender may have been cut off meanwhile.
   * The transaction of the commit asks again.
   *
   * @throws NocturneError `unauthenticated`
   */
  readonly expectAllowed: PathRooms['expectAllowed']
  readonly assignStudy: AssignStudy
  /** At an edge alone. */
  readonly edgeState?: (() => Promise<EdgeState>) | undefined
  close(): Promise<void>
}

/** @throws NocturneError as `openGround` */
export async function openRooms(site: Site, options: RoomOptions = {}): Promise<Rooms> {
  const opened = new Opened()
  try {
    const ground = await openGround(site, options, opened)
    const records = await openRecords(ground)
    const reading = await openReading(ground, records)
    const asking = openAsking(ground, records, reading, opened)
    const oversight = await openOversight(ground, records, asking, reading)
    const timekeeping = openTimekeeping(ground, oversight.witnessing)
    const retained = openRetention(ground, reading, timekeeping)
    const office = openOffice(ground, records, {
      ...{ ...oversight, ...retained, ...reading },
    })
    const { logger, now, gatewayKey, textDetector, state, ledger, guard, store, logFiles } = ground
    const { signers } = ground
    return {
      ...{ site: ground.site, filed: ground.filed, roll: ground.roll },
      ...{ logger, now, gatewayKey, textDetector, state, ledger, guard, signers, store, logFiles },
      ...{ ...records, ...reading, ...asking, ...oversight, ...office, ...retained },
      timekeeping,
      following: opened.keep(createFollowing((from) => changesSince(state.db, from))),
      ...pathsOf(ground, records, reading, oversight),
      edgeState: stateOfEdge(ground, reading),
      close: () => opened.close(),
    }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** The main paths, behind the gates of compliance. */
function pathsOf(
  { site, store, textDetector, state, ledger, spool, now }: Ground,
  { directory, certificates, facilityKeys, gatewayKeys }: RecordRooms,
  { transfers }: Pick<ReadingRooms, 'transfers'>,
  { compliance }: Pick<OversightRooms, 'compliance'>,
): Pick<Rooms, 'beginUpload' | 'beginGathering' | 'beginSealed' | 'expectAllowed' | 'assignStudy'> {
  const path = {
    ...{
      transfers,
      directory,
      store: spool ?? store,
      facilityKeys,
      gatewayKeys,
      textDetector,
      now,
    },
    limits: site.config.limits,
    expectAllowed: (sender: Pick<UploadTarget, 'actor' | 'facility'>) =>
      expectSender({ directory, certificates, state, ledger }, sender),
  }
  return {
    expectAllowed: path.expectAllowed,
    assignStudy: async (actor, { transfer, facility, priority }, to) => {
      const { group, priority: wanted = priority } = to
      await compliance.gates.transfer({ facility, group, priority: wanted }, actor)
      return transfers.waiting.assign(actor, transfer, { group, priority: wanted })
    },
    beginUpload: async (target) => {
      await spool?.expectRoom()
      await gateOf(compliance, target)
      return Upload.begin(path, target)
    },
    beginGathering: async (target, study) => {
      await spool?.expectRoom()
      // Where a study waits for its group, the gate is asked once a person names one.
      if (target.waits === undefined) await gateOf(compliance, target)
      return Gathering.begin(path, target, study)
    },
    beginSealed: async ({ actor, facility }, signed) => {
      const stated = readSealed(signed.statement)
      // One that cannot be read is refused by the room.
      if (stated)
        await gateOf(compliance, {
          actor,
          facility,
          group: stated.group,
          priority: stated.priority,
        })
      return transfers.sealed.begin({ actor, facility }, signed)
    },
  }
}

const stateOfEdge = (
  { edge }: Pick<Ground, 'edge'>,
  { transfers }: Pick<ReadingRooms, 'transfers'>,
): Rooms['edgeState'] =>
  edge &&
  (async () => ({
    gateway: edge.gateway,
    spool: { ...(await transfers.sealed.spool()), limit: edge.spoolBytes },
    line: edge.line?.() ?? { refused: [] },
  }))

type GatedTarget = Pick<
  UploadTarget,
  'actor' | 'facility' | 'group' | 'priority' | 'transfer' | 'release'
>

/** The gates do not stop additions to an existing transfer, or items released from quarantine. */
const gateOf = async ({ gates }: Compliance, target: GatedTarget): Promise<void> => {
  const { facility, group, priority, actor } = target
  if (target.transfer === undefined && target.release === undefined)
    await gates.transfer({ facility, group, priority }, actor)
}
