/** A gateway that is told to stop exits on its own, whatever happened to the uploads before. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../_eventually.js'
import { makeSite } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { upload } from './_http.js'
import { makeStudy } from './_study.js'

const BOUNDARY = 'boundary'
const MEGABYTE = 2 ** 20
/** Several blocks of the sealing threads. */
const DOCUMENT = Buffer.alloc(12 * MEGABYTE, 'a report\n')
/**
 * 12 MB whose pixels the profile holds for review: the original is sealed to quarantine as it
 * arrives.
 */
const FRAMES = 24

describe('uploads that fail', () => {
  let site: TestSite
  let gateway: RunningGateway
  let token: string
  let instance: Buffer

  beforeAll(async () => {
    site = await makeSite()
    const files = await makeStudy(join(site.dir, '..', 'study'), '--frames', String(FRAMES))
    instance = await readFile(files[0]!)
    token = await site.token('facility-a')
    gateway = await site.start({
      env: {
        NOCTURNE_LIMIT_ITEM_BYTES: String(16 * MEGABYTE),
        NOCTURNE_LIMIT_HEADER_BYTES: String(MEGABYTE),
      },
    })
  }, 60_000)

  afterAll(async () => {
    await gateway.stop('SIGKILL')
    await site.remove()
  })

  /** Two concurrent uploads, of which the second uses a thread. The connections stay open. */
  const twoUploads = (type: string, bytes: Buffer): Socket[] =>
    [1, 2].map(() => beginUpload(gateway, token, type, bytes))

  /** Objects being written to the store. */
  const partial = () => readdir(join(site.dir, 'data/objects/.partial'))
  const untilSome = () => eventually(partial, (names) => names.length > 0)
  const untilNone = () => eventually(partial, (names) => names.length === 0)

  const hangUp = async (sockets: readonly Socket[]) => {
    const closed = sockets.filter((socket) => !socket.closed).map((socket) => once(socket, 'close'))
    for (const socket of sockets) socket.resetAndDestroy()
    await Promise.all(closed)
  }

  it.each(['application/dicom', 'text/plain'])(
    'leave no sealing in progress when the client disconnects, of %s',
    async (type) => {
      const bytes = type === 'text/plain' ? DOCUMENT : instance
      for (const sent of [bytes.subarray(0, 9 * MEGABYTE), bytes]) {
        const sockets = twoUploads(type, sent)
        expect(await untilSome()).not.toEqual([])
        await hangUp(sockets)
        expect(await untilNone()).toEqual([])
      }
    },
    60_000,
  )

  it('leave no object when an item is refused after sealing began', async () => {
    const file = {
      name: 'report.txt',
      bytes: Buffer.alloc(20 * MEGABYTE, DOCUMENT),
      type: 'text/plain',
    }
    const answers = await Promise.all([1, 2].map(() => upload(site, gateway, [file])))
    for (const { body } of answers)
      expect(body.items).toMatchObject([{ outcome: 'refused', code: 'item_too_large' }])
    expect(await untilNone()).toEqual([])
  }, 60_000)

  it('do not keep a stopped gateway alive', async () => {
    const sockets = [
      ...twoUploads('text/plain', DOCUMENT),
      ...twoUploads('application/dicom', instance),
    ]
    expect(await untilSome()).not.toEqual([])
    const exited = once(gateway.process, 'exit')
    gateway.process.kill('SIGTERM')
    await hangUp(sockets)
    expect(await exited).toEqual([0, null])
  }, 90_000)
})

/** Sends the head of an upload and the first bytes of its only file. */
function beginUpload(gateway: RunningGateway, token: string, type: string, bytes: Buffer): Socket {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  const part = (headers: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${headers}\r\n\r\n`
  const head = [
    'POST /v1/transfers HTTP/1.1',
    `Host: ${hostname}`,
    `Authorization: Bearer ${token}`,
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    `Content-Length: ${100 * MEGABYTE}`,
  ].join('\r\n')
  socket.write(`${head}\r\n\r\n${part('name="group"')}nights\r\n`)
  socket.write(part(`name="files"; filename="file"\r\nContent-Type: ${type}`))
  socket.write(bytes)
  return socket
}
