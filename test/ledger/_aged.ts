/** A log whose clock the test controls, so that entries can age. */
import { afterAll } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { exportLedger } from '../../src/ledger/export/export.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { proposePruning, prune } from '../../src/ledger/retention/prune.js'
import { verifyExport } from '../../src/ledger/verify/verify.js'
import { verifyPackage } from '../../src/ledger/verify/verify-package.js'
import { verifyPublished } from '../../src/ledger/verify/verify-published.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import type { Ledger } from '../../src/ledger/log/ledger.js'
import type { PruneOptions } from '../../src/ledger/retention/prune.js'
import { openState } from '../../src/state/index.js'
import type { State } from '../../src/state/index.js'
import { openLogFiles } from '../../src/store/index.js'
import type { LogFiles } from '../../src/store/index.js'
import { event, GATEWAY } from './_open.js'
import { asFiles, filesOf, packed } from './_package.js'

const root = await mkdtemp(join(tmpdir(), 'nocturne-prune-'))
afterAll(() => rm(root, { recursive: true, force: true }))

export const OFFICER = { id: 'officer-1', role: 'officer', method: 'token' } as const
export const SITE = { id: 'site', role: 'operator', method: 'site' } as const
export const YEAR = 366 * 86_400_000
export const BEGIN = Date.parse('2026-01-01T00:00:00Z')

export interface Aged {
  readonly state: State
  readonly ledger: Ledger
  readonly files: LogFiles
  readonly options: PruneOptions
  readonly signingKey: string
  readonly url: string
  readonly path: string
  readonly at: (time: number) => void
  readonly publish: () => Promise<number | undefined>
  readonly close: () => Promise<void>
}

let count = 0
/** Opens a log whose clock the test sets; the `old` entries are from the year 2026. */
export async function openAged(
  old: number,
  values: (i: number) => Partial<EventInput> = () => ({}),
) {
  const dir = join(root, String(count++))
  const files = await openLogFiles({ kind: 'files', path: dir })
  const url = `sqlite:${join(dir, 'nocturne.db')}`
  const state = await openState(url)
  const signingKey = newLedgerKey(GATEWAY).privateKey
  let time = BEGIN
  const now = () => time
  const ledger = await createLedger({ state, gateway: GATEWAY, signingKey, now })
  const events = Array.from({ length: old }, (_, i) =>
    event({ detail: { number: i }, ...values(i) }),
  )
  for (let i = 0; i < old; i += 500) {
    const [first, ...rest] = events.slice(i, i + 500)
    if (first)
      await ledger.record(() => Promise.resolve({ value: undefined, events: [first, ...rest] }))
  }
  const { verifierKey } = ledger
  const publisher = createPublisher({ state, files, verifierKey, holder: 'one', now, keepMs: 1 })
  const open: Aged = {
    state,
    ledger,
    files,
    signingKey,
    url,
    path: join(dir, 'log'),
    options: { state, ledger, files, publisher, now, years: 6 },
    at: (moved) => {
      time = moved
    },
    publish: () => publisher.publish(),
    close: () => state.close(),
  }
  await open.publish()
  return open
}

export const LATER = BEGIN + 6 * YEAR + 86_400_000

const indices = async ({ state }: Aged) =>
  (await state.db.selectFrom('events').select('idx').orderBy('idx').execute()).map(({ idx }) => idx)

/** How many of the first `size` entries remain. */
export const left = async (open: Aged, size: number) =>
  (await indices(open)).filter((index) => index < size)

export async function proposeAndPrune(open: Aged, holder = 'a') {
  await proposePruning(open.options, OFFICER)
  return prune(open.options, SITE, holder)
}

export async function verifyAll(open: Aged) {
  await open.publish()
  return {
    database: await open.ledger.verify(),
    published: await verifyPublished(open.files, open.ledger.verifierKey, nodeCrypto),
    exported: await verifyExport(
      exportLedger(open.ledger, {}),
      open.ledger.verifierKey,
      nodeCrypto,
    ),
  }
}

/** Verifies the whole log as an exported ZIP, as a browser would. */
export const verifyZip = async ({ ledger }: Aged) =>
  verifyPackage(asFiles(await filesOf(await packed(ledger, {}, 'ndjson'))), {
    crypto: nodeCrypto,
    trustedKey: ledger.verifierKey,
  })
