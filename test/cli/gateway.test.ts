import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { file } from '../deidentify/_build.js'
import { openDoor } from '../doors/_door.js'
import { eventually } from '../_eventually.js'
import { startGateway } from './_gateway.js'
import type { RunningGateway } from './_gateway.js'

let gateway: RunningGateway
beforeAll(async () => {
  gateway = await startGateway()
}, 180_000)
afterAll(async () => {
  // SIGTERM closes it in an orderly way: status 0, and no output after its first line.
  const { status, stdout } = await gateway.stop()
  expect({ status, lines: stdout.split('\n').length }).toEqual({ status: 0, lines: 2 })
}, 60_000)

const at = (...names: string[]) => join(gateway.path, ...names)
const readerKey = () => join(gateway.site, 'demo-keys', 'reader-1.asc')

/** A document of `size` bytes that cannot be mistaken for another type. */
const pdf = (size: number) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(size - 9)])

async function send(name: string, contents: Readonly<Record<string, Buffer>>): Promise<string> {
  await mkdir(at(name), { recursive: true })
  for (const [file, content] of Object.entries(contents)) await writeFile(at(name, file), content)
  const sent = await gateway.as('facility-a', 'send', name, '--json')
  expect(sent).toMatchObject({ status: 0, stderr: '' })
  const { id } = JSON.parse(sent.stdout) as { id: string }
  return id
}

const isEmpty = (inbox: string) => inbox === 'nothing is waiting\n'

const pull = (...words: string[]) =>
  gateway.as('reader-1', 'pull', ...words, '--key', readerKey(), '--out', at('studies'))

describe('send', () => {
  it('reports the outcome of each file and which one was refused', async () => {
    await mkdir(at('mixed'))
    await writeFile(at('mixed', 'a.pdf'), pdf(1000))
    await writeFile(at('mixed', 'b.pdf'), await readFile(at('mixed', 'a.pdf')))
    await writeFile(at('mixed', 'empty.dcm'), '')
    const { status, stdout } = await gateway.as('facility-a', 'send', 'mixed')
    expect(status).toBe(3)
    expect(stdout).toMatch(/^transfer [0-9a-f-]{36}\n/)
    expect(stdout).toContain('3 files, 2.0 KB: 1 accepted, 1 duplicate, 1 refused')
    expect(stdout).toMatch(/item 3 {2}refused {2}empty_file {2}mixed\/empty\.dcm\n {4}hint: /)
  })

  it('creates no transfer when nothing was accepted', async () => {
    await writeFile(at('nothing.dcm'), '')
    const text = await gateway.as('facility-a', 'send', 'nothing.dcm')
    expect(text.status).toBe(1)
    expect(text.stdout).toContain('nothing was accepted')
    const json = await gateway.as('facility-a', 'send', 'nothing.dcm', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      items: [{ index: 1, outcome: 'refused', code: 'empty_file' }],
    })
  })

  it('shows the gateway’s error for an unknown group', async () => {
    await writeFile(at('one.pdf'), pdf(100))
    const words = ['send', 'one.pdf', '--group', 'days', '--priority', 'stat']
    const { status, stderr } = await gateway.as('facility-a', ...words)
    expect(status).toBe(1)
    expect(stderr).toContain('nocturne: error: this facility does not send to this group')
    expect(stderr).toContain('nocturne: hint: ')
  })

  it('is refused for anyone but a sender', async () => {
    await writeFile(at('two.pdf'), pdf(100))
    const { status, stderr } = await gateway.as('reader-1', 'send', 'two.pdf')
    expect(status).toBe(1)
    expect(stderr).toContain('your role does not permit this')
  })

  it('waits until a folder is no longer being written, and sends late files to its case', async () => {
    await mkdir(at('hot', 'study-1'), { recursive: true })
    await writeFile(at('hot', 'study-1', 'a.pdf'), pdf(300))
    const whole = await gateway.as('facility-a', 'send', '--watch', '--quiet', '1', 'hot', '--json')
    expect(whole.status).toBe(0)
    expect((JSON.parse(whole.stdout) as { items: object[] }).items).toHaveLength(1)
    const words = ['send', '--watch', '--each', '--quiet', '1', 'hot', '--again']
    const watching = gateway.startAs('facility-a', ...words)
    const transfers = () =>
      Promise.resolve(watching.seen().stdout.match(/^transfer \S+$/gm)?.length ?? 0)
    expect(await eventually(transfers, (count) => count === 1, 60_000)).toBe(1)
    await writeFile(at('hot', 'study-1', 'b.pdf'), pdf(301))
    await mkdir(at('hot', 'study-2'))
    await writeFile(at('hot', 'study-2', 'c.pdf'), pdf(302))
    expect(await eventually(transfers, (count) => count === 3, 60_000)).toBe(3)
    watching.child.kill('SIGINT')
    await watching.finished
    const listed = await gateway.as('facility-a', 'case', 'list', '--json')
    const { cases } = JSON.parse(listed.stdout) as { cases: { transfers: object[] }[] }
    expect(cases.filter(({ transfers: joined }) => joined.length === 2)).toHaveLength(1)
  }, 120_000)

  it('sends more files than fit in one request in several, as one transfer', async () => {
    await mkdir(at('many'))
    const count = 2_050
    for (let n = 0; n < count; n++) await writeFile(at('many', `${n}.txt`), `worksheet ${n}`)
    const { status, stdout } = await gateway.as('facility-a', 'send', 'many', '--json')
    expect(status).toBe(0)
    const { id, state, items } = JSON.parse(stdout) as {
      id: string
      state: string
      items: { index: number; outcome: string }[]
    }
    expect(state).toBe('available')
    expect(new Set(items.map(({ index }) => index)).size).toBe(count)
    expect(items.every(({ outcome }) => outcome === 'accepted')).toBe(true)
    expect((await gateway.as('reader-1', 'claim', id, '--key', readerKey())).status).toBe(0)
    expect((await gateway.as('reader-1', 'release', id)).status).toBe(0)
  }, 120_000)
})

describe('pull', () => {
  it('writes what was sent, and a receipt that verifies without the gateway', async () => {
    const content = pdf(100_000)
    const id = await send('plain', { 'JANE DOE.pdf': content })
    expect(await pull(id)).toMatchObject({ status: 0, stderr: '' })
    const folder = at('studies', id)
    expect((await readdir(folder)).sort()).toEqual([
      'documents',
      'manifest.json',
      'receipt.tlog-proof',
      'receipts.ndjson',
    ])
    const file = join(folder, 'documents', '0001.pdf')
    expect(await readFile(file)).toEqual(content)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const key = join(gateway.site, 'keys', 'ledger.vkey')
    const receipt = join(folder, 'receipt.tlog-proof')
    const verified = await gateway.plain('audit', 'verify', receipt, '--ledger-key', key)
    expect(verified).toMatchObject({ status: 0, stderr: '' })
  }, 60_000)

  it('fetches a transfer that the reader has already claimed', async () => {
    const id = await send('claimed', { 'a.pdf': pdf(500) })
    expect((await gateway.as('reader-1', 'claim', id, '--key', readerKey())).status).toBe(0)
    expect((await pull(id)).status).toBe(0)
  }, 60_000)

  it('keeps files that are there, and fetches altered ones again', async () => {
    const content = pdf(5_000)
    const id = await send('again', { 'a.pdf': content, 'b.pdf': pdf(6_000) })
    await pull(id)
    const file = at('studies', id, 'documents', '0001.pdf')
    await writeFile(file, 'changed')
    const { status, stdout } = await pull(id, '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ id, items: 2, kept: 1, isAcknowledged: true })
    expect(await readFile(file)).toEqual(content)
  }, 60_000)

  it('resumes after it was killed', async () => {
    const content = pdf(60_000_000)
    const id = await send('large', { 'a.pdf': content })
    const words = ['pull', id, '--key', readerKey(), '--out', at('studies')]
    const partial = at('studies', id, '.partial', '1.pgp')
    const killed = gateway.startAs('reader-1', ...words)
    await until(async () => (await sizeOf(partial)) > 1_000_000)
    killed.child.kill('SIGKILL')
    await killed.finished
    const had = await sizeOf(partial)
    expect(had).toBeLessThan(60_000_000)
    const { status } = await pull(id)
    expect(status).toBe(0)
    expect((await readFile(at('studies', id, 'documents', '0001.pdf'))).equals(content)).toBe(true)
    const audit = await gateway.as('officer-1', 'audit', 'query', '--transfer', id, '--json')
    const { events } = JSON.parse(audit.stdout) as {
      events: { entry: { type: string; item?: number; detail: { start: number } } }[]
    }
    const begun = events.filter(({ entry }) => entry.type === 'download.begun' && entry.item === 1)
    expect(begun.map(({ entry }) => entry.detail.start)).toEqual([0, had])
  }, 120_000)

  it('names the item that was altered in transit, and keeps nothing of it', async () => {
    const id = await send('tampered', { 'a.pdf': pdf(2_000), 'b.pdf': pdf(40_000) })
    const proxy = await changingProxy(gateway.url, `/v1/transfers/${id}/items/2`, 20_000)
    const { status, stderr } = await gateway.plain(
      ...['pull', id, '--gateway', proxy.url, '--key', readerKey(), '--out', at('studies')],
      ...['--token-file', join(gateway.site, 'demo-tokens', 'reader-1.token')],
    )
    await proxy.close()
    expect(status).toBe(1)
    expect(stderr).toContain('the items do not match the manifest: item 2')
    expect(await sizeOf(at('studies', id, 'documents', '0002.pdf'))).toBe(0)
    expect(await readdir(at('studies', id))).not.toContain('manifest.json')
    expect((await pull(id)).status).toBe(0)
  }, 60_000)

  it('resumes automatically after broken connections', async () => {
    const content = pdf(30_000_000)
    const id = await send('breaking', { 'a.pdf': content })
    const proxy = await breakingProxy(gateway.url, 9_000_000)
    const { status, stderr } = await gateway.plain(
      ...['pull', id, '--gateway', proxy.url, '--key', readerKey(), '--out', at('studies')],
      ...['--token-file', join(gateway.site, 'demo-tokens', 'reader-1.token')],
    )
    await proxy.close()
    expect(stderr).toContain('nocturne: warning: the connection was lost; retrying')
    expect(status).toBe(0)
    expect((await readFile(at('studies', id, 'documents', '0001.pdf'))).equals(content)).toBe(true)
  }, 120_000)

  it('trusts only the pinned certificate as signer', async () => {
    const id = await send('pinned', { 'a.pdf': pdf(300) })
    const other = join(gateway.site, 'keys', 'facility-a.asc')
    const refused = await pull(id, '--gateway-certificate', other)
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain("the gateway's signature is not valid: the manifest")
    const right = join(gateway.site, 'keys', 'gateway.asc')
    expect((await pull(id, '--gateway-certificate', right)).status).toBe(0)
  }, 60_000)

  it('watches the inbox, forwards what it pulls, and ends with its totals', async () => {
    const door = await openDoor()
    await pull('--all')
    await mkdir(at('watched'))
    await writeFile(at('watched', 'a.dcm'), file())
    const { status } = await gateway.as('facility-a', 'send', 'watched')
    expect(status).toBe(0)
    const pacs = `NOCTURNE@127.0.0.1:${door.port}`
    const watching = gateway.startAs(
      ...(['reader-1', 'pull', '--watch', '--key', readerKey(), '--out', at('step')] as const),
      ...['--forward', pacs, '--ae-title', 'FACILITY_A', '--json'],
    )
    const arrived = () => Promise.resolve(door.arrived.length)
    expect(await eventually(arrived, (count) => count > 0, 30_000)).toBe(1)
    await eventually(async () => (await gateway.as('reader-1', 'inbox')).stdout, isEmpty)
    watching.child.kill('SIGINT')
    const ended = await watching.finished
    expect(JSON.parse(ended.stdout)).toEqual({ pulled: 1, forwarded: 1 })
    await door.close()
  }, 120_000)

  it('serves what it pulls, sealed, and leaves nothing when it ends', async () => {
    await pull('--all')
    await mkdir(at('served'))
    await writeFile(at('served', 'a.dcm'), file([[0x00200010, 'SH', 'SERVED']]))
    const { status } = await gateway.as('facility-a', 'send', 'served')
    expect(status).toBe(0)
    const serving = gateway.startAs(
      ...(['reader-1', 'pull', '--serve', '0', '--key', readerKey(), '--out', at('view')] as const),
    )
    const studies = async (): Promise<unknown[]> => {
      const { stdout } = serving.seen()
      const [, url] = /^serving (\S+)$/m.exec(stdout) ?? []
      const [, token] = /^token (\S+)$/m.exec(stdout) ?? []
      if (url === undefined || token === undefined) return []
      const headers = { authorization: `Bearer ${token}` }
      return (await (await fetch(`${url}/studies`, { headers })).json()) as unknown[]
    }
    expect(await eventually(studies, (all) => all.length > 0, 60_000)).toHaveLength(1)
    const [folder = ''] = await readdir(at('view'))
    const names = await readdir(at('view', folder), { recursive: true })
    expect(names.filter((name) => name.endsWith('.dcm'))).toEqual([])
    serving.child.kill('SIGINT')
    await serving.finished
    expect(await readdir(at('view'))).toEqual([])
  }, 120_000)

  it('fetches the whole inbox, and says when it is empty', async () => {
    await pull('--all')
    const ids = [
      await send('all-1', { 'a.pdf': pdf(100) }),
      await send('all-2', { 'a.pdf': pdf(99) }),
    ]
    const { status, stdout } = await pull('--all', '--json')
    expect(status).toBe(0)
    const { transfers } = JSON.parse(stdout) as { transfers: { id: string }[] }
    expect(transfers.map(({ id }) => id)).toEqual(ids)
    expect(await gateway.as('reader-1', 'inbox')).toMatchObject({
      status: 0,
      stdout: 'nothing is waiting\n',
    })
    expect(await pull('--all')).toMatchObject({
      status: 0,
      stdout: 'nothing is waiting\nyour key opens what is sealed to reader-1\n',
    })
  }, 120_000)
})

describe('sign-in and tokens', () => {
  it('gets a token for a signature, in a file that only its owner can read', async () => {
    const words = ['--gateway', gateway.url, '--principal', 'reader-1', '--key', readerKey()]
    const signed = await gateway.plain('sign-in', ...words, '--out', at('mine.token'))
    expect(signed).toMatchObject({ status: 0, stderr: '' })
    expect((await stat(at('mine.token'))).mode & 0o777).toBe(0o600)
    const inbox = ['inbox', '--gateway', gateway.url, '--token-file', at('mine.token')]
    expect((await gateway.plain(...inbox)).status).toBe(0)
    const other = ['--gateway', gateway.url, '--principal', 'officer-1', '--key', readerKey()]
    const refused = await gateway.plain('sign-in', ...other, '--out', at('other.token'))
    expect(refused.status).toBe(1)
    expect(await sizeOf(at('other.token'))).toBe(0)
  }, 60_000)

  it('issues, lists and revokes tokens while a gateway runs', async () => {
    const site = ['--site', gateway.site]
    const out = at('machine.token')
    const words = ['token', 'issue', ...site, '--principal', 'facility-a', '--days', '1']
    const issued = await gateway.plain(...words, '--out', out, '--json')
    expect(issued.stdout).not.toContain('noct_')
    const { id } = JSON.parse(issued.stdout) as { id: string }
    await writeFile(at('t.pdf'), pdf(77))
    const sending = ['send', 't.pdf', '--gateway', gateway.url, '--token-file', out]
    expect((await gateway.plain(...sending)).status).toBe(0)
    expect((await gateway.plain('token', 'revoke', id, ...site)).status).toBe(0)
    expect((await gateway.plain(...sending)).stderr).toContain('this request needs a valid token')
    const listed = await gateway.plain('token', 'list', ...site, '--json')
    const { tokens } = JSON.parse(listed.stdout) as { tokens: { id: string; state: string }[] }
    expect(tokens.find((token) => token.id === id)?.state).toBe('revoked')
    const nobody = await gateway.plain('token', 'issue', ...site, '--principal', 'nobody')
    expect(nobody.stderr).toContain('the configuration has no such principal: nobody')
  }, 60_000)
})

describe('audit', () => {
  it('exports a package that verifies offline, but not after an alteration', async () => {
    const key = ['--ledger-key', join(gateway.site, 'keys', 'ledger.vkey')]
    const exported = await gateway.as('officer-1', 'audit', 'export', '--out', at('all.ndjson'))
    expect(exported.status).toBe(0)
    expect((await gateway.plain('audit', 'verify', 'all.ndjson', ...key)).status).toBe(0)
    const lines = (await readFile(at('all.ndjson'), 'utf8')).split('\n')
    lines.splice(5, 1)
    await writeFile(at('short.ndjson'), lines.join('\n'))
    const { status, stdout } = await gateway.plain('audit', 'verify', 'short.ndjson', ...key)
    expect(status).toBe(1)
    expect(stdout).toContain('does not verify: ')
    expect(stdout).toContain('the first invalid index is 4')
  }, 60_000)

  it('verifies over HTTP and on the site, and prints checkpoint and proof', async () => {
    const key = ['--ledger-key', join(gateway.site, 'keys', 'ledger.vkey')]
    expect((await gateway.as('officer-1', 'audit', 'verify', ...key)).status).toBe(0)
    const site = ['--site', gateway.site]
    expect((await gateway.plain('audit', 'verify', ...site, ...key)).status).toBe(0)
    const checkpoint = await gateway.as('officer-1', 'audit', 'checkpoint')
    expect(checkpoint.stdout).toMatch(/^demo\.nocturne\.example\/audit\n\d+\n\S+\n\n\u2014 /)
    const proof = await gateway.plain('audit', 'proof', '3', ...site)
    await writeFile(at('3.tlog-proof'), proof.stdout)
    expect((await gateway.plain('audit', 'verify', '3.tlog-proof', ...key)).status).toBe(0)
    await rm(at('3.tlog-proof'))
  }, 60_000)
})

const sizeOf = async (path: string) => (await stat(path).catch(() => undefined))?.size ?? 0

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 2))
}

interface Proxy {
  readonly url: string
  close(): Promise<void>
}

/**
 * Forwards everything, with responses passed through `change`, a generator that may also throw to
 * break the connection.
 */
async function proxyTo(
  url: string,
  change: (path: string, body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
): Promise<Proxy> {
  const server: Server = createServer((request, response) => {
    const { method, headers } = request
    const onward = httpRequest(new URL(request.url ?? '/', url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      void (async () => {
        try {
          for await (const chunk of change(request.url ?? '', answer)) {
            if (!response.write(chunk)) {
              await new Promise((resolve) => response.once('drain', resolve))
            }
          }
          response.end()
        } catch {
          response.destroy()
        }
      })()
    })
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Flips one bit of the response for `path`, at `offset`. */
const changingProxy = (url: string, path: string, offset: number) =>
  proxyTo(url, async function* (asked, body) {
    let seen = 0
    for await (const chunk of body) {
      const copy = Buffer.from(chunk)
      const at = offset - seen
      if (asked === path && at >= 0 && at < copy.length) copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
      seen += chunk.length
      yield copy
    }
  })

/** Breaks every response after this many bytes. */
const breakingProxy = (url: string, bytes: number) =>
  proxyTo(url, async function* (_, body) {
    let left = bytes
    for await (const chunk of body) {
      if (chunk.length > left) {
        yield chunk.subarray(0, left)
        throw new Error('broken on purpose')
      }
      left -= chunk.length
      yield chunk
    }
  })
