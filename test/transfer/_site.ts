/**
 * A site whose rooms are opened in this process: a demo site on SQLite and a folder of objects, a
 * clock that advances only when told to, and a store that can be made to fail.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSite } from '../../src/cli/site/site.js'
import { initSite } from '../../src/config/init/index.js'
import type { Limits, Site } from '../../src/config/index.js'
import type { Reader } from '../../src/deliver/contract.js'
import { Gathering } from '../../src/gathering.js'
import { Opened, openGround } from '../../src/gateway/ground.js'
import type { Ground } from '../../src/gateway/ground.js'
import { openReading } from '../../src/gateway/reading.js'
import type { ReadingRooms } from '../../src/gateway/reading.js'
import { openRecords } from '../../src/gateway/records.js'
import type { RecordRooms } from '../../src/gateway/records.js'
import type { EventInput } from '../../src/ledger/log/index.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { NocturneError } from '../../src/lib/errors.js'
import { createLogger } from '../../src/lib/logger.js'
import type { Part } from '../../src/receive/index.js'
import { nodeCiphers } from '../../src/seal/index.js'
import { newKey, readPrivateKey } from '../../src/seal/keys/index.js'
import type { PrivateKey } from '../../src/seal/keys/index.js'
import { openMessage } from '../../src/seal/open/index.js'
import type { ObjectStore } from '../../src/store/index.js'
import { Upload } from '../../src/transfer.js'
import type { Transfer, UploadTarget } from '../../src/transfer/index.js'
import { keepEventTypesOf } from '../_event-types.js'

export const SENDER = { id: 'facility-a', role: 'sender' } as const
export const GROUP = 'nights'

/** Replaces a step of the store; the store's own does the rest. */
export type Faults = Partial<Pick<ObjectStore, 'put' | 'get' | 'delete'>>

export interface OpenedGateway extends RecordRooms, ReadingRooms {
  readonly ground: Ground
  readonly faults: { now: Faults }
  begin(more?: Partial<UploadTarget>): Promise<Upload>
  gather(study: string): Promise<Gathering>
  reader(id: string): Reader
}

export interface OpenedSite extends OpenedGateway {
  readonly dir: string
  readonly clock: { readonly now: () => number; pass(ms: number): void }
  /** Private key of a principal of the demo site. */
  key(principal: string): Promise<PrivateKey>
  /** Another gateway on the same stores, with this configuration. */
  another(change?: (config: Site['config']) => Site['config']): Promise<OpenedGateway>
  /** Types of all events of a transfer, oldest first, and the events. */
  events(transfer?: string): Promise<readonly EventInput[]>
  /** Keys of the objects in the store, under a prefix. */
  objects(prefix?: string): Promise<string[]>
  find(id: string): Promise<Transfer>
  close(): Promise<void>
}

/** @param change places the site on another database or store */
export async function openTransferSite(
  limits: Partial<Limits> = {},
  change: (site: Site) => Site = (same) => same,
): Promise<OpenedSite> {
  const parent = await mkdtemp(join(tmpdir(), 'nocturne-rooms-'))
  const dir = join(parent, 'site')
  await initSite(dir, { demo: true, newKey, newLedgerKey })
  const read = change(await openSite(dir))
  const config: Site['config'] = {
    ...read.config,
    limits: { ...read.config.limits, ...limits },
    textDetector: { kind: 'none', clears: false, threads: 1 },
    logLevel: 'silent',
  }
  let time = Date.now() + 1_000
  const now = () => time
  const opened = new Opened()
  const first = await openGateway({ ...read, config }, now, opened)
  const { state, ledger, store } = first.ground
  return {
    ...first,
    dir,
    clock: { now, pass: (ms) => (time += ms) },
    key: async (principal) =>
      readPrivateKey(await readFile(join(dir, `demo-keys/${principal}.asc`), 'utf8')),
    another: (change = (same) => same) =>
      openGateway({ ...read, config: change(config) }, now, opened),
    events: async (transfer) => {
      const { rows } = await ledger.query({ limit: 1_000 })
      const entries = rows.map(({ entry }) => entry)
      return transfer === undefined ? entries : entries.filter((one) => one.transfer === transfer)
    },
    objects: async (prefix = 't/') => {
      const keys: string[] = []
      for await (const key of store.list(prefix)) keys.push(key)
      return keys
    },
    find: async (id) => {
      const found = await first.transfers.find(id)
      if (!found) throw new Error(`no transfer ${id}`)
      return found
    },
    close: async () => {
      await keepEventTypesOf(state)
      await opened.close()
      await rm(parent, { recursive: true, force: true })
    },
  }
}

async function openGateway(site: Site, now: () => number, opened: Opened): Promise<OpenedGateway> {
  const options = { now, logger: createLogger('silent') }
  const ground = await openGround(site, options, opened)
  const faults: { now: Faults } = { now: {} }
  const store = faulty(ground.store, faults)
  const records = await openRecords({ ...ground, store })
  const reading = await openReading({ ...ground, store }, records)
  const { textDetector } = ground
  const path = {
    ...{ ...records, ...reading, store, textDetector, now, limits: site.config.limits },
    expectAllowed: () => Promise.resolve(),
  }
  const target = (more: Partial<UploadTarget>): UploadTarget => ({
    ...{ actor: SENDER, facility: 'facility-a', group: GROUP, priority: 'stat' },
    ...more,
  })
  return {
    ...records,
    ...reading,
    ground,
    faults,
    begin: (more = {}) => Upload.begin(path, target(more)),
    gather: (study) => Gathering.begin(path, target({}), study),
    reader: (id) => {
      const principal = records.directory.principal(id)
      if (!principal) throw new Error(`nobody is called ${id}`)
      return { principal, actor: { id, role: 'reader' } }
    },
  }
}

const faulty = (store: ObjectStore, faults: { readonly now: Faults }): ObjectStore => ({
  kind: store.kind,
  put: (key, sealed) => (faults.now.put ?? store.put.bind(store))(key, sealed),
  get: (key, range) => (faults.now.get ?? store.get.bind(store))(key, range),
  delete: (key) => (faults.now.delete ?? store.delete.bind(store))(key),
  size: (key) => store.size(key),
  list: (prefix) => store.list(prefix),
  sweepPartial: (olderThanMs, now) => store.sweepPartial(olderThanMs, now),
  check: () => store.check(),
  close: () => store.close(),
})

export const unavailable = (): Promise<never> =>
  Promise.reject(new NocturneError('store_unavailable'))

/** A part as a door hands it over. */
export const part = (bytes: Buffer, contentType = 'application/octet-stream'): Part => ({
  contentType,
  fileName: undefined,
  bytes: inPieces(bytes),
})

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += 1_000)
    yield await Promise.resolve(bytes.subarray(at, at + 1_000))
}

/** A document: what makes it different is `text`. */
export const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.4\n${text}\n%%EOF\n`)

/** Begins, takes and commits. */
export async function send(
  site: OpenedGateway,
  contents: readonly Buffer[],
  { complete = true, ...more }: Partial<UploadTarget> & { readonly complete?: boolean } = {},
) {
  const upload = await site.begin(more)
  for (const one of contents) await upload.take(part(one))
  return upload.commit({ complete })
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

/** The content of a sealed message. */
export const openedBy = (message: Buffer, key: PrivateKey): Promise<Buffer> =>
  collect(openMessage(once(message), [key], { ciphers: nodeCiphers }))

/** The code of the error that a promise rejects with; undefined when it resolves. */
export const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof NocturneError) return error.code
      throw error
    },
  )
