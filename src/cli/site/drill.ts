/**
 * A practice restore: into a scratch folder, with a sample opened by the key, the time measured,
 * and the result recorded.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asNocturneError } from '../../lib/errors.js'
import type { Rooms } from '../../gateway/rooms.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { drawSealed } from '../../transfer/index.js'
import { CommandError } from '../command-error.js'
import { restoreBackup, restoredEnv } from './restore.js'
import { SITE_ACTOR, withRooms } from './site.js'

export interface DrillReport {
  readonly ok: boolean
  readonly seconds: number
  readonly entries: number
  readonly missing: number
  readonly sampled: number
  readonly opened: number
  /** Why it failed. */
  readonly problem?: string
}

const SAMPLE = 5

/** @param clock - monotonic, in milliseconds. */
export async function runDrill(
  rooms: Rooms,
  file: string,
  key: PrivateKey,
  clock: () => number,
): Promise<DrillReport> {
  const scratch = await mkdtemp(join(tmpdir(), 'nocturne-drill-'))
  const started = clock()
  const seconds = () => Math.ceil((clock() - started) / 1_000)
  let report: DrillReport
  try {
    const restored = await restoreBackup(file, key, join(scratch, 'site'))
    const { sampled, opened } = await withRooms(restored.site, (site) => openSample(site, key), {
      env: restoredEnv(),
    })
    const missing = restored.missing.length
    const ok = missing === 0 && opened === sampled
    report = {
      ...{ ok, seconds: seconds(), entries: restored.entries, missing, sampled, opened },
      ...(!ok && { problem: 'objects are missing, or a sampled item did not open' }),
    }
  } catch (error) {
    const { code } = error instanceof CommandError ? error : asNocturneError(error)
    const none = { entries: 0, missing: 0, sampled: 0, opened: 0 }
    report = { ok: false, seconds: seconds(), ...none, problem: code }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  const { ok, entries, missing, sampled, opened } = report
  await rooms.ledger.note({
    ...{ type: 'drill.run', outcome: ok ? 0 : 8, actor: SITE_ACTOR },
    detail: {
      ...{ seconds: report.seconds, entries, missing, sampled },
      opened: sampled > 0 && opened === sampled,
    },
  })
  return report
}

/** Items of the restored site, with the key packets of the key's holder. */
async function openSample({ state, store }: Rooms, key: PrivateKey) {
  const drawn = await drawSealed(state, 'recovery', SAMPLE)
  let opened = 0
  for (const { object, packet } of drawn) {
    const message = (async function* () {
      yield packet
      yield* await store.get(object)
    })()
    try {
      const content = openMessage(message, [key], { ciphers: nodeCiphers })
      while ((await content.next()).done !== true) continue
      opened += 1
    } catch {
      // Counted as not opened: the report says how many were opened.
    }
  }
  return { sampled: drawn.length, opened }
}
