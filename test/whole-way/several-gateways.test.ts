/**
 * Two gateways on one PostgreSQL and one bucket, each with its own folder but the same
 * configuration and secrets.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startS3 } from '../_ceph.js'
import { eventually } from '../_eventually.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { bucketContent, useBucket } from '../_s3-site.js'
import { usePostgres } from './_database.js'
import { makeSite, nocturne, siteAt } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, form, upload } from './_http.js'
import { claim, openTransfer, readerOf } from './_reader.js'
import type { Reader } from './_reader.js'
import { exchange } from './_socket.js'
import { makeStudy } from './_study.js'

const server = postgresMissing === undefined ? await startS3() : { skip: postgresMissing }

interface Row {
  readonly idx: number
  readonly entry: {
    readonly type: string
    readonly transfer?: string
    readonly actor?: { readonly id: string }
    readonly detail?: { readonly envelope?: string }
  }
}

if ('skip' in server) {
  describe.skip(`two gateways (${server.skip})`, () => it('work as one', () => undefined))
} else {
  describe('two gateways on one PostgreSQL and one bucket', () => {
    const table: string[] = []
    let postgres: TestPostgres | undefined
    let client: pg.Client
    let one: TestSite
    const gateways: RunningGateway[] = []
    const closing: (() => Promise<void>)[] = []
    let other: TestSite
    let first: RunningGateway
    let second: RunningGateway
    let env: NodeJS.ProcessEnv
    let bucket: string
    let files: string[]
    let reader: Reader
    let id: string

    beforeAll(async () => {
      postgres = await startPostgres()
      client = new pg.Client({ connectionString: postgres.url })
      await client.connect()
      closing.push(() => client.end())
      one = await makeSite()
      closing.push(() => one.remove())
      const config = await server.newBucket()
      bucket = config.bucket
      env = await usePostgres(one, postgres.url, await useBucket(one, config, server.endpoint))
      const dir = join(one.dir, '../other-site')
      await cp(one.dir, dir, { recursive: true })
      other = siteAt(dir, () => Promise.resolve())
      files = await makeStudy(join(one.dir, '../study'), '--instances', '3', '--size', '128')
      reader = await readerOf(one)
      first = await start(one)
      second = await start(other)
    }, 120_000)

    afterAll(async () => {
      console.log(['two gateways', ...table].join('\n'))
      // Whatever started, even if the rest did not.
      await Promise.all(gateways.map((gateway) => gateway.stop()))
      await Promise.all(closing.reverse().map((close) => close()))
      await postgres?.stop()
      await server.stop()
    }, 60_000)

    const start = async (site: TestSite): Promise<RunningGateway> => {
      const gateway = await site.start({ env })
      gateways.push(gateway)
      return gateway
    }

    const events = async (): Promise<Row[]> => {
      const { rows } = await client.query<{ idx: string; entry: Buffer }>(
        'select idx, entry from events order by idx',
      )
      return rows.map(({ idx, entry }) => ({
        idx: Number(idx),
        entry: JSON.parse(entry.toString()) as Row['entry'],
      }))
    }
    const states = async (): Promise<Record<string, number>> => {
      const { rows } = await client.query<{ state: string; n: string }>(
        'select state, count(*) as n from transfers group by state',
      )
      return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]))
    }

    it('deliver what was sent through one to a reader at the other', async () => {
      const sent = await upload(one, first, files)
      expect(sent.status).toBe(201)
      id = sent.body.id
      const { token } = reader
      const inbox = await call(second, 'GET', '/v1/inbox', { token })
      expect(inbox.text).toContain(id)
      const claimed = await claim(second, reader, id)
      expect(claimed.status).toBe(200)
      const { contents } = await openTransfer(second, reader, id)
      expect(contents.size).toBe(files.length)
      const out = join(one.dir, '../opened')
      const pulled = await nocturne(
        ...['pull', id, '--gateway', second.url, '--token-file', other.tokenFile('reader-1')],
        ...['--key', one.keyFile('reader-1'), '--out', out],
      )
      expect(pulled).toMatchObject({ status: 0 })
      const view = await call(first, 'GET', `/v1/transfers/${id}`, {
        token: await one.token('facility-a'),
      })
      expect(view.body.state).toBe('acknowledged')
      table.push(
        `  ${contents.size} items sent through the first, claimed and opened through the second`,
      )
    }, 60_000)

    it('let exactly one of many claims win, whichever gateway they use', async () => {
      const sent = await upload(one, second, files)
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          claim(i % 2 === 0 ? first : second, reader, sent.body.id),
        ),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ body }) => body.code === 'already_claimed')).toHaveLength(19)
      table.push('  20 claims over both: 1 won')
    }, 60_000)

    it('add to one open transfer from both sides', async () => {
      const token = await one.token('facility-a')
      const [a = '', b = '', c = ''] = files
      const opened = await upload(one, first, [a], { complete: 'false' })
      const path = `/v1/transfers/${opened.body.id}`
      const added = await Promise.all(
        [
          [first, b],
          [second, c],
        ].map(async ([gateway, file]) =>
          call(gateway as RunningGateway, 'POST', `${path}/items`, {
            token,
            body: await form({}, [file as string]),
          }),
        ),
      )
      expect(added.map(({ status }) => status)).toEqual([201, 201])
      expect(
        added.flatMap(({ body }) => (body.items ?? []).map(({ index }) => index)).sort(),
      ).toEqual([2, 3])
      const completed = await call(second, 'POST', `${path}/complete`, { token })
      expect(completed.status).toBe(200)
      const { contents } = await openTransfer(first, reader, opened.body.id)
      expect([...contents.keys()]).toEqual([1, 2, 3])
      table.push('  3 items of one transfer, through both')
    }, 60_000)

    it('write one ledger without gaps', async () => {
      await Promise.all(
        Array.from({ length: 12 }, (_, i) => upload(one, i % 2 === 0 ? first : second, files)),
      )
      const rows = await events()
      expect(rows.map(({ idx }) => idx)).toEqual(rows.map((_row, at) => at))
      expect(rows.filter(({ entry }) => entry.type === 'gateway.started')).toHaveLength(2)
      for (const gateway of [first, second]) {
        const verified = await nocturne(
          ...['audit', 'verify', '--gateway', gateway.url],
          ...['--token-file', one.tokenFile('officer-1')],
        )
        expect(verified).toMatchObject({ status: 0 })
      }
      table.push(
        `  12 uploads at once over both; ${rows.length} events without a gap, verified at both`,
      )
    }, 60_000)

    it('sweep what a killed gateway left once its lease has expired, and not before', async () => {
      const bytes = await readFile(files[0] ?? '')
      const head =
        '--zz\r\nContent-Disposition: form-data; name="group"\r\n\r\nnights\r\n' +
        '--zz\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
      const next = '\r\n--zz\r\nContent-Disposition: form-data; name="files"; filename="b"\r\n\r\n'
      const request = Buffer.concat([
        Buffer.from(
          'POST /v1/transfers HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n' +
            `Authorization: Bearer ${await one.token('facility-a')}\r\n` +
            `Content-Type: multipart/form-data; boundary=zz\r\n\r\n${head}`,
        ),
        bytes,
        Buffer.from(next),
        bytes.subarray(0, 500),
      ])
      const before = (await bucketContent(server, bucket)).keys.length
      const uploading = exchange(first, request, 60_000)
      const content = () => bucketContent(server, bucket)
      const stored = await eventually(content, ({ keys }) => keys.length > before)
      expect(stored.keys.length).toBe(before + 1)
      expect((await states()).receiving).toBe(1)
      await first.stop('SIGKILL')
      await uploading
      const killedAt = Date.now()
      // A gateway that starts does not touch what another may still be working on.
      first = await start(one)
      expect((await states()).receiving).toBe(1)
      expect((await upload(one, second, files)).status).toBe(201)

      const swept = await eventually(states, ({ receiving }) => receiving === undefined, 90_000)
      // The upload above created an object per item, its crosswalk and its manifest.
      const look = () => content().then(({ keys }) => keys.length)
      const left = before + files.length + 2
      expect(await eventually(look, (count) => count === left)).toBe(left)
      expect(swept.abandoned).toBe(1)
      const rows = await events()
      const ended = rows.filter(
        ({ entry }) => entry.type === 'transfer.abandoned' && entry.actor?.id === 'system',
      )
      expect(ended).toHaveLength(1)
      expect(rows.map(({ idx }) => idx)).toEqual(rows.map((_row, at) => at))
      const seconds = Math.round((Date.now() - killedAt) / 1_000)
      table.push(`  killed in an upload: swept once, ${seconds} s later`)
    }, 120_000)
  })
}
