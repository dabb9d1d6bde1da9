/** What is on its way from a sender who is cut off in the meantime is not kept, by any door. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { readPrivateKey, revokeKey } from 'openpgp'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne, run } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { makeStudy } from './_study.js'

const hasDcmtk = spawnSync('storescu', ['--version']).error === undefined
const env = { NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' }

let site: TestSite
let gateway: RunningGateway
let instance: Buffer

const at = (name: string) => join(site.dir, '..', name)
const inbox = async (): Promise<number> => {
  const reader = ['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')]
  const { stdout } = await nocturne('inbox', ...reader, '--json')
  return (JSON.parse(stdout) as { transfers: unknown[] }).transfers.length
}

beforeAll(async () => {
  site = await makeSite()
  await site.configure((yaml) => `${yaml}\nintake: { quiet: 1, cap: 60 }\n`)
  const [file = ''] = await makeStudy(at('study'), '--instances', '1', '--size', '128')
  instance = await readFile(file)
  gateway = await site.start({ env })
}, 120_000)

afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

/** Sends half, revokes the token, sends the other half. */
async function sendWhileRevoked(path: string, type: string, before: string, after: string) {
  const issued = await nocturne(
    ...['token', 'issue', '--site', site.dir, '--principal', 'facility-a', '--json'],
  )
  const { id, token } = JSON.parse(issued.stdout) as { id: string; token: string }
  const sending = request(gateway.url + path, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
  })
  const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
    sending.once('error', reject)
    sending.once('response', (response) => {
      void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }))
    })
  })
  const half = instance.length >> 1
  sending.write(Buffer.concat([Buffer.from(before), instance.subarray(0, half)]))
  await wait(300)
  expect(await nocturne('token', 'revoke', id, '--site', site.dir)).toMatchObject({ status: 0 })
  sending.end(Buffer.concat([instance.subarray(half), Buffer.from(after)]))
  return answered
}

describe('a token that is revoked during an upload', () => {
  it('commits nothing by the form', async () => {
    const part =
      '--b\r\nContent-Disposition: form-data; name="files"; filename="1.dcm"\r\nContent-Type: application/dicom\r\n\r\n'
    const type = 'multipart/form-data; boundary=b'
    const answer = await sendWhileRevoked('/v1/transfers', type, part, '\r\n--b--\r\n')
    expect([answer.status, answer.body]).toEqual([401, expect.stringContaining('unauthenticated')])
    expect(await inbox()).toBe(0)
  }, 60_000)

  it('stores nothing by STOW-RS, and says that it is not authorised', async () => {
    const part = '--b\r\nContent-Type: application/dicom\r\n\r\n'
    const type = 'multipart/related; type="application/dicom"; boundary=b'
    const answer = await sendWhileRevoked('/dicom-web/studies', type, part, '\r\n--b--\r\n')
    // Failure Reason (0008,1197): Refused: Not Authorised, PS3.18 Annex I.
    expect(answer.body).toContain(String(0x0124))
    await wait(2_500)
    expect(await inbox()).toBe(0)
  }, 60_000)
})

describe('a facility whose certificate is revoked', () => {
  const suite = hasDcmtk ? it : it.skip

  suite(
    `stores nothing by C-STORE${hasDcmtk ? '' : ' (skipped: needs dcmtk)'}`,
    async () => {
      const armored = await readFile(site.keyFile('facility-a'), 'utf8')
      const { publicKey } = await revokeKey({
        key: await readPrivateKey({ armoredKey: armored }),
        format: 'armored',
      })
      await writeFile(join(site.dir, 'keys/facility-a.asc'), publicKey)
      await gateway.stop()
      gateway = await site.start({ env })
      const listening = () =>
        Promise.resolve(/dicom:\/\/NOCTURNE@127\.0\.0\.1:(\d+)/.exec(gateway.log())?.[1])
      const port = (await eventually(listening, (found) => found !== undefined)) ?? ''
      const sent = await run('storescu', [
        ...['-v', '+sd', '-aet', 'FACILITY_A', '-aec', 'NOCTURNE', '127.0.0.1', port, at('study')],
      ])
      expect(sent.stdout + sent.stderr).toMatch(/Unknown Status: 0x124|NotAuthorized/)
      await wait(2_500)
      expect(await inbox()).toBe(0)
    },
    60_000,
  )
})

describe('instances that are sent again', () => {
  it('by STOW-RS are recognised: stored each time, and one transfer', async () => {
    const other = await makeSite()
    await other.configure((yaml) => `${yaml}\nintake: { quiet: 1, cap: 60 }\n`)
    const door = await other.start({ env })
    try {
      const token = await other.token('facility-a')
      const post = async () => {
        const type = 'multipart/related; type="application/dicom"; boundary=b'
        const parts = [
          '--b\r\nContent-Type: application/dicom\r\n\r\n',
          instance,
          '\r\n--b--\r\n',
        ].map((part) => Buffer.from(part))
        const answer = await fetch(`${door.url}/dicom-web/studies?complete=true`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
          body: new Uint8Array(Buffer.concat(parts)),
        })
        return answer.status
      }
      expect([await post(), await post(), await post()]).toEqual([200, 200, 200])
      const listed = await nocturne(
        ...['inbox', '--gateway', door.url, '--token-file', other.tokenFile('reader-1'), '--json'],
      )
      expect((JSON.parse(listed.stdout) as { transfers: unknown[] }).transfers).toHaveLength(1)
    } finally {
      await door.stop()
      await other.remove()
    }
  }, 60_000)
})
