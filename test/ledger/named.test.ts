/**
 * One table of everything that somebody could change, wherever a log is kept, and how it is
 * reported.
 */
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkAnchor } from '../../src/ledger/published/anchor.js'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { createWitnessing } from '../../src/ledger/witness/witnessing.js'
import { exportLedger } from '../../src/ledger/export/export.js'
import { formatPolicy, parsePolicy } from '../../src/ledger/witness/policy.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { verifyExport, verifyReceiptUnder } from '../../src/ledger/verify/verify.js'
import { verifyPublished } from '../../src/ledger/verify/verify-published.js'
import type { LogFiles } from '../../src/store/index.js'
import type { VerifyReport } from '../../src/ledger/log/contract.js'
import { NocturneError } from '../../src/lib/errors.js'
import { openLogFiles } from '../../src/store/index.js'
import { openState } from '../../src/state/index.js'
import { fill, GATEWAY, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'
import { openWitness, submission, submitTo } from './_witness.js'
import type { TestWitness } from './_witness.js'

const SIZE = 700

interface Place extends OpenLedger {
  readonly dir: string
  readonly log: string
  readonly files: LogFiles
  readonly database: string
  readonly witness: TestWitness
  readonly ask: () => Promise<void>
  readonly publish: () => Promise<unknown>
  readonly remove: () => Promise<void>
}

async function openPlace(): Promise<Place> {
  const open = await openLedger()
  const { state, ledger, url } = open
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-named-'))
  const files = await openLogFiles({ kind: 'files', path: dir })
  const witness = await openWitness([ledger.verifierKey])
  const witnesses = [{ name: witness.name, key: witness.key, url: `https://${witness.name}` }]
  const [now, holder, submit] = [Date.now, 'one', submitTo(witness)]
  const { verifierKey } = ledger
  const publisher = createPublisher({ state, files, verifierKey, holder, now, keepMs: 1 })
  const witnessing = await createWitnessing({ state, ledger, witnesses, submit, holder, now })
  await fill(ledger, SIZE)
  await witnessing.round()
  await publisher.publish()
  return {
    ...open,
    dir,
    log: join(dir, 'log'),
    files,
    database: url.slice('sqlite:'.length),
    witness,
    ask: async () => {
      await witnessing.round()
    },
    publish: () => publisher.publish(),
    remove: async () => {
      await open.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const sayOf = ({ ok, problem, badIndex }: Pick<VerifyReport, 'ok' | 'problem' | 'badIndex'>) =>
  ok ? 'holds' : `${problem ?? ''}${badIndex === undefined ? '' : `: ${badIndex}`}`

const sayOfError = (error: unknown) =>
  error instanceof NocturneError ? `${error.code}: ${error.subject ?? error.message}` : 'unknown'

/** Flips one bit in the middle of the match. */
const flip = (text: string, pattern: RegExp): string => {
  const found = pattern.exec(text)
  if (!found) throw new Error(`nothing matches ${String(pattern)}`)
  const at = found.index + Math.floor(found[0].length / 2)
  // Keeps base64 and JSON readable, so that the change itself is detected and not a parse error.
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}

const inDatabase = async ({ database, ledger }: Place, statement: string) => {
  const db = new Database(database)
  db.exec(statement)
  db.close()
  return sayOf(await ledger.verify())
}

const inFile = async (place: Place, name: string, change: (bytes: Buffer) => Buffer) => {
  const path = join(place.log, name)
  await writeFile(path, change(await readFile(path)))
  return sayOf(await verifyPublished(place.files, place.ledger.verifierKey, nodeCrypto))
}

const flipByte = (at: number) => (bytes: Buffer) => {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes
}

const receiptUnderPolicy = async (place: Place, change: (receipt: string) => string) => {
  const { name, key } = place.witness
  const witnesses = [{ name, key, url: `https://${name}` }]
  const policy = await parsePolicy(formatPolicy(place.ledger.verifierKey, witnesses), nodeCrypto)
  if ('problem' in policy) throw new Error(policy.problem)
  const receipt = await place.ledger.proof(300)
  return sayOf(await verifyReceiptUnder(change(receipt), policy, nodeCrypto))
}

/**
 * The ledger over a copy of the database from when it had 700 entries; the real one has continued.
 */
async function rolledBack(place: Place) {
  const copy = `${place.database}.backup`
  const db = new Database(place.database)
  db.exec(`vacuum into '${copy}'`)
  db.close()
  await fill(place.ledger, 50)
  await place.publish()
  await place.ask()
  const state = await openState(`sqlite:${copy}`)
  const { signingKey } = place
  return {
    state,
    ledger: await createLedger({ state, gateway: GATEWAY, signingKey, now: Date.now }),
  }
}

type Row = readonly [what: string, does: (place: Place) => Promise<string>, said: RegExp]

const TABLE: readonly Row[] = [
  [
    'a row of the database, a bit of its entry',
    (place) =>
      inDatabase(
        place,
        `update events set entry = cast(replace(cast(entry as text), 'reader-1', 'reader-2') as blob) where idx = 300`,
      ),
    /^an entry was changed: 300$/,
  ],
  [
    'a row of the database, its index',
    (place) => inDatabase(place, `update events set actor = 'nobody' where idx = 301`),
    /^the search index differs from the entry: 301$/,
  ],
  [
    'a tile of the database',
    (place) =>
      inDatabase(
        place,
        `update ledger_tiles set hashes = cast(substr(hashes, 1, 100) || case substr(hashes, 101, 1) when x'00' then x'01' else x'00' end || substr(hashes, 102) as blob) where level = 0 and n = 1`,
      ),
    /^a tile was changed: 259$/,
  ],
  [
    'the tail of the database dropped, with its head',
    async (place) => {
      const old = await place.ledger.checkpoint()
      await fill(place.ledger, 10)
      await place.publish()
      const db = new Database(place.database)
      db.prepare(`delete from events where idx >= ?`).run(SIZE)
      db.prepare(`update ledger_head set size = ?, checkpoint = ?`).run(SIZE, old)
      db.close()
      return checkAnchor(place.state, place.files, place.ledger.verifierKey).then(
        () => 'holds',
        sayOfError,
      )
    },
    /^ledger_rolled_back: the database has 700 entries .*; the published log has 71\d entries /,
  ],
  [
    'an old backup of the database put back',
    async (place) => {
      const { state, ledger } = await rolledBack(place)
      const said = await checkAnchor(state, place.files, ledger.verifierKey).then(
        () => 'holds',
        sayOfError,
      )
      await state.close()
      return said
    },
    /^ledger_rolled_back: the database has 70\d entries .*; the published log has 75\d entries /,
  ],
  [
    'two gateways that disagree, one shown to the witness',
    async (place) => {
      const { state, ledger } = await rolledBack(place)
      await fill(ledger, 60)
      const answer = await place.witness.witness.addCheckpoint(await submission(ledger, SIZE))
      const { name, key } = place.witness
      const witnessing = await createWitnessing({
        state,
        ledger,
        witnesses: [{ name, key, url: `https://${name}` }],
        submit: submitTo(place.witness),
        holder: 'two',
        now: Date.now,
      })
      await witnessing.round()
      const { rows } = await ledger.query({ types: ['witness.disagreed'] })
      await state.close()
      const named = rows.map(({ entry }) => JSON.stringify(entry.detail?.witness))
      return `${answer.status}, ${rows[0]?.entry.type ?? 'nothing'} ${named.join(' ')}`
    },
    /^409, witness\.disagreed "witness\.example\.org"$/,
  ],
  [
    'a published tile',
    (place) => inFile(place, 'tile/0/001', flipByte(5)),
    /^a tile was changed: 256$/,
  ],
  [
    'a published tile above',
    (place) => inFile(place, 'tile/1/000.p/2', flipByte(40)),
    /^a tile was changed: 256$/,
  ],
  [
    'a published bundle of entries',
    (place) => inFile(place, 'tile/entries/001', flipByte(200)),
    /^an entry was changed: 256$/,
  ],
  [
    'a published bundle taken away',
    async (place) => {
      await rm(join(place.log, 'tile/entries/001'))
      return sayOf(await verifyPublished(place.files, place.ledger.verifierKey, nodeCrypto))
    },
    /^an entry is missing: 256$/,
  ],
  [
    'the published checkpoint, its root',
    (place) =>
      inFile(place, 'checkpoint', (bytes) =>
        Buffer.from(flip(bytes.toString(), /^[A-Za-z0-9+/]{43}=$/m)),
      ),
    /^the checkpoint is not signed/,
  ],
  [
    'the published checkpoint, an older one put back',
    async (place) => {
      const old = await readFile(join(place.log, 'checkpoint'))
      await fill(place.ledger, 100)
      const { state, files } = place
      const { verifierKey } = place.ledger
      // A new publisher keeps a checkpoint in its first round.
      const options = { state, files, verifierKey, holder: 'one', now: Date.now, keepMs: 1 }
      await createPublisher(options).publish()
      return inFile(place, 'checkpoint', () => old)
    },
    /^the newest checkpoint is older than a retained one: 70\d$/,
  ],
  [
    'a receipt, its entry',
    (place) => receiptUnderPolicy(place, (receipt) => flip(receipt, /^extra .*$/m)),
    /^the (entry differs from the logged one|receipt does not say which entry it is for)/,
  ],
  [
    'a receipt, its path',
    (place) => receiptUnderPolicy(place, (receipt) => flip(receipt, /(?<=^index 300\n).*$/m)),
    /^(the entry differs from the logged one|this is not a receipt)/,
  ],
  [
    'a receipt, the cosignature on it',
    (place) =>
      receiptUnderPolicy(place, (receipt) =>
        flip(receipt, /(?<=^\u2014 witness\.example\.org )\S+$/m),
      ),
    /^the checkpoint has too few cosignatures for the policy$/,
  ],
  [
    'an export, a line of it dropped',
    async ({ ledger }) => {
      const lines = (async function* () {
        let at = 0
        for await (const line of exportLedger(ledger, {})) if (at++ !== 400) yield line
      })()
      return sayOf(await verifyExport(lines, ledger.verifierKey, nodeCrypto))
    },
    /^an event is missing: 399$/,
  ],
  [
    'the memory of a witness',
    async ({ witness, ledger }) => {
      for (const [origin, signed] of witness.kept)
        witness.kept.set(origin, flip(signed, /^[A-Za-z0-9+/]{43}=$/m))
      await fill(ledger, 1)
      return witness.witness
        .addCheckpoint(await submission(ledger, SIZE))
        .then(({ status }) => `answered ${status}`, sayOfError)
    },
    /^file_unreadable: the stored state for gateway\.example\.org\/audit$/,
  ],
]

const table: string[] = []
afterAll(() => console.log(['what was changed, and what is said of it', ...table].join('\n')))

describe('detected and named', () => {
  it.each(TABLE)('%s', async (what, does, said) => {
    const place = await openPlace()
    try {
      const found = await does(place)
      table.push(`  ${what.padEnd(54)} ${found.slice(0, 120)}`)
      expect(found).toMatch(said)
    } finally {
      await place.remove()
    }
  })
})
