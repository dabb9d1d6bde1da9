#!/usr/bin/env node
/**
 * Makes a site with the build in dist/, to be opened by later builds (see README.md). Writes
 * NAME.tar.br and NAME.json next to this file. Everything in it is synthetic, with demo keys.
 *
 *   node test/upgrade/make.mjs NAME
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants as zlib } from 'node:zlib'

const name = process.argv[2]
if (!/^[a-z0-9-]+$/.test(name ?? '')) throw new Error('usage: node test/upgrade/make.mjs NAME')
const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const main = process.env.NOCTURNE_MAIN ?? join(root, 'dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'nocturne-old-'))
const site = join(work, 'site')
const study = (folder, ...words) =>
  execFileSync(process.execPath, [join(root, 'scripts/make-study.mjs'), folder, ...words])
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** Sending a held item is not a failure here: only the answer matters. */
const nocturne = (...words) => {
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...words, '--json'], {
    encoding: 'utf8',
  })
  const answer = JSON.parse(stdout || stderr)
  if (answer.error) throw new Error(`nocturne ${words.slice(0, 3).join(' ')}: ${stdout}${stderr}`)
  return answer
}
let gateway
const as = (who, ...words) =>
  nocturne(...words, '--gateway', gateway.url, '--token-file', `${site}/demo-tokens/${who}.token`)

async function serve() {
  const child = spawn(process.execPath, [main, 'serve', '--site', site, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('listening on ')) return { child, url: line.slice('listening on '.length) }
  throw new Error('the gateway did not start')
}
async function stop() {
  gateway.child.kill('SIGTERM')
  await once(gateway.child, 'exit')
}

/** Entries of the ledger occur in it several times, further apart than gzip can look back. */
const pack = (bytes) =>
  brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_LGWIN]: zlib.BROTLI_MAX_WINDOW_BITS } })

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

let seed = 0
/**
 * A study with a patient of its own: `instances` slices of 16 by 16 pixels, and the files that
 * `more` adds.
 */
function send(instances, more = () => undefined) {
  const folder = join(work, `study-${++seed}`)
  study(folder, '--instances', String(instances), '--size', '16', '--seed', String(seed))
  more(folder)
  const { id } = as('facility-a', 'send', folder, '--group', 'nights')
  return id
}

/** An ultrasound image is held, because no rule states where its text is burned in. */
function makeUltrasound(folder) {
  const file = join(folder, 'IM0001.dcm')
  const bytes = readFileSync(file)
  const CT = '1.2.840.10008.5.1.4.1.1.2'
  for (let at = bytes.indexOf(`${CT}\0`); at >= 0; at = bytes.indexOf(`${CT}\0`, at + 1))
    bytes.write('1.2.840.10008.5.1.4.1.1.7', at, 'latin1')
  writeFileSync(file, bytes)
}

try {
  nocturne('init', site, '--demo')
  for (const who of ['facility-a', 'reader-1', 'officer-1', 'operator-1']) {
    const out = `${site}/demo-tokens/${who}-long.token`
    nocturne('token', 'issue', '--site', site, '--principal', who, '--days', '366', '--out', out)
  }
  const revoked = `${site}/demo-tokens/revoked.token`
  const { id: token } = nocturne(
    ...['token', 'issue', '--site', site, '--principal', 'reader-1', '--out', revoked],
  )
  nocturne('token', 'revoke', token, '--site', site)

  gateway = await serve()
  const key = (who) => ['--key', `${site}/demo-keys/${who}.asc`]
  const transfers = {}
  const opened = join(site, 'opened')
  const pull = (id) => as('reader-1', 'pull', id, ...key('reader-1'), '--out', opened)
  const document = (folder) => writeFileSync(join(folder, 'requisition.txt'), 'CT head, fall\n')
  transfers.acknowledged = [send(12, document), send(12), send(8)]
  transfers.acknowledged.forEach(pull)
  transfers.quarantined = [
    send(3, makeUltrasound),
    send(2, makeUltrasound),
    send(2, makeUltrasound),
  ]
  const held = as('facility-a', 'quarantine', 'list').items.map(({ transfer, item }) => {
    const words = [transfer, String(item), ...key('facility-a'), '--out', join(work, 'held')]
    const { opened: file } = as('facility-a', 'quarantine', 'open', ...words)
    return { transfer, item, sha256: sha256(readFileSync(file)) }
  })
  const [, second, third] = transfers.quarantined
  const itemOf = (id) => String(held.find(({ transfer }) => transfer === id).item)
  as('facility-a', 'quarantine', 'discard', second, itemOf(second), '--reason', 'not-needed')
  transfers.released = [
    as(
      ...['facility-a', 'quarantine', 'release', third, itemOf(third), ...key('facility-a')],
      ...['--reason', 'no-identifiers-seen'],
    ).id,
  ]
  // Pseudonyms from both generations of the facility's secret can be reversed.
  await stop()
  nocturne('facility', 'rotate-key', 'facility-a', '--site', site)
  gateway = await serve()
  transfers.claimed = [send(8), send(6)]
  for (const id of transfers.claimed) as('reader-1', 'claim', id)
  transfers.available = [send(10, document), send(4)]
  as('reader-1', 'key', 'check', ...key('reader-1'))
  as('facility-a', 'crosswalk', 'fetch', '--out', join(site, 'crosswalk'))
  for (let i = 0; i < 40; i++) as('officer-1', 'audit', 'query', '--transfer', transfers.claimed[0])
  const [oldest] = transfers.acknowledged
  as('officer-1', 'audit', 'hold', 'add', '--transfer', oldest)
  as('officer-1', 'audit', 'export', '--transfer', oldest, '--out', join(site, 'export.ndjson'))
  await stop()
  nocturne('dump', oldest, '--site', site, '--out', join(site, 'dump'))
  // The gateway publishes the last entries when it stops.
  gateway = await serve()
  await stop()

  // Every later build must open what a reader opens now, byte for byte. It is read from a copy, so
  // that its events are not in the archived site.
  const ledgerKey = ['--ledger-key', `${site}/keys/ledger.vkey`]
  const ledger = nocturne('audit', 'verify', join(site, 'data/objects/log'), ...ledgerKey)
  const madeAt = new Date().toISOString()
  cpSync(site, join(work, 'packed', name), { recursive: true })
  const listed = {}
  gateway = await serve()
  for (const id of Object.values(transfers).flat()) {
    const folder = join(opened, id)
    if (!transfers.acknowledged.includes(id)) pull(id)
    const there = new Set(filesIn(folder).map((file) => sha256(readFileSync(file))))
    const { items } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    listed[id] = items.map(({ index, plaintext }) => ({ index, sha256: plaintext.sha256 }))
    if (!listed[id].every((item) => there.has(item.sha256))) throw new Error(`${id} is not whole`)
  }
  await stop()
  const packed = join(work, 'packed')
  rmSync(join(packed, name, 'opened'), { recursive: true })
  mkdirSync(join(packed, name, 'opened'))
  cpSync(join(opened, oldest), join(packed, name, 'opened', oldest), { recursive: true })
  const words = ['--sort=name', '--owner=0', '--group=0', '-C', packed, '-cf', '-', name]
  writeFileSync(`${here}${name}.tar.br`, pack(execFileSync('tar', words, { maxBuffer: 1 << 28 })))
  const facts = { madeAt, transfers, held, items: listed, ledger }
  writeFileSync(`${here}${name}.json`, `${JSON.stringify(facts, null, 2)}\n`)
} finally {
  gateway?.child.kill('SIGTERM')
  rmSync(work, { recursive: true, force: true })
}
