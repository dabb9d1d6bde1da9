/** Opened studies on loopback, for the client that OHIF uses, and not for other pages. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openedTransfers, wipeServing, wipeTransfer } from '../../src/cli/reader/opened/wipe.js'
import { tidyFolder } from '../../src/cli/reader/opened/folder.js'
import { Library } from '../../src/cli/reader/serving/library.js'
import { SealedFiles, readSealed } from '../../src/cli/reader/serving/sealed-files.js'
import { serveStudies } from '../../src/cli/reader/serving/server.js'
import type { StudyServer } from '../../src/cli/reader/serving/server.js'
import { parseManifest } from '../../src/cli/reader/manifest.js'
import { itemPaths } from '../../src/protocol/opened-names.js'
import { CT, EXPLICIT, IMPLICIT, JPEG_LOSSLESS, STUDY, TRANSFER, makePulled } from './_pulled.js'
import type { MadeInstance } from './_pulled.js'

const ORIGIN = 'http://localhost:3000'
const SERIES = `${STUDY}.1`
let out = ''
let now = 0
let library: Library
let server: StudyServer
let made: readonly MadeInstance[] = []

beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'nocturne-serve-'))
  now = 0
  made = await makePulled(join(out, 'plain'), [EXPLICIT, IMPLICIT, JPEG_LOSSLESS])
  library = new Library(await SealedFiles.in(join(out, 'sealed')), () => now)
  const folder = join(out, 'plain', TRANSFER)
  const manifest = parseManifest(await readFile(join(folder, 'manifest.json')), TRANSFER)
  const paths = itemPaths(manifest.items)
  for (const item of manifest.items) {
    const path = paths.get(item.index) ?? ''
    const content = createReadStream(join(folder, path)) as AsyncIterable<Buffer>
    await library.write(TRANSFER, path, item)(content, () => undefined)
  }
  server = await serveStudies(library, { port: 0, origins: [ORIGIN] })
})
afterEach(async () => {
  await server.close()
  await rm(out, { recursive: true, force: true })
})

interface Answered {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** By node:http, since fetch sets Host and Origin itself. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Answered>((resolve, reject) => {
    const given = { authorization: `Bearer ${server.token}`, ...headers }
    const asked = httpRequest(`${server.url}${path}`, { method, headers: given }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({
          ...{ status: response.statusCode ?? 0, headers: response.headers },
          body: Buffer.concat(parts),
        }),
      )
    })
    asked.on('error', reject).end()
  })

/** Of XMLHttpRequest, what dicomweb-client uses, over fetch. */
class Request {
  responseType = ''
  readyState = 0
  status = 0
  response: unknown
  onreadystatechange: () => void = () => undefined
  #url = ''
  readonly #headers: Record<string, string> = {}
  #answer: Headers | undefined
  open(_method: string, url: string): void {
    this.#url = url
  }
  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value
  }
  getResponseHeader(name: string): string | null {
    return this.#answer?.get(name) ?? null
  }
  getAllResponseHeaders(): string {
    return [...(this.#answer ?? [])].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  }
  send(): void {
    void fetch(this.#url, { headers: this.#headers }).then(async (answer) => {
      this.#answer = answer.headers
      this.status = answer.status
      this.response =
        this.responseType === 'json' ? await answer.json() : await answer.arrayBuffer()
      this.readyState = 4
      this.onreadystatechange()
    })
  }
}

interface Client {
  searchForStudies(options?: object): Promise<Record<string, { Value?: unknown[] }>[]>
  searchForSeries(options: object): Promise<Record<string, { Value?: unknown[] }>[]>
  searchForInstances(options: object): Promise<Record<string, { Value?: unknown[] }>[]>
  retrieveStudyMetadata(options: object): Promise<Record<string, Record<string, unknown>>[]>
  retrieveInstance(options: object): Promise<ArrayBuffer>
  retrieveStudy(options: object): Promise<ArrayBuffer[]>
  retrieveInstanceFrames(options: object): Promise<ArrayBuffer[]>
  retrieveBulkData(options: object): Promise<ArrayBuffer[]>
}

function client(): Client {
  Object.assign(globalThis, { XMLHttpRequest: Request })
  const { api } = createRequire(import.meta.url)('dicomweb-client') as {
    api: { DICOMwebClient: new (options: object) => Client }
  }
  const headers = { Authorization: `Bearer ${server.token}` }
  return new api.DICOMwebClient({ url: server.url, headers })
}

const bytesOf = (buffer: ArrayBuffer | undefined) => Buffer.from(buffer ?? new ArrayBuffer(0))

describe('pull --serve', () => {
  it('lists and loads a study for dicomweb-client', async () => {
    const web = client()
    const [study, ...others] = await web.searchForStudies({ queryParams: { PatientID: 'P*' } })
    expect(others).toEqual([])
    expect(study).toMatchObject({
      '0020000D': { Value: [STUDY] },
      '00080061': { Value: ['CT'] },
      '00201208': { Value: [3] },
      '00100010': { Value: [{ Alphabetic: 'PSEUDONYM^ONE' }] },
    })
    expect(await web.searchForStudies({ queryParams: { PatientID: 'Q*' } })).toEqual([])
    expect(
      await web.searchForStudies({ queryParams: { StudyDate: '20260201-20260401', limit: 1 } }),
    ).toHaveLength(1)
    expect(await web.searchForSeries({ studyInstanceUID: STUDY })).toHaveLength(1)
    const uids = { studyInstanceUID: STUDY, seriesInstanceUID: SERIES }
    expect(await web.searchForInstances(uids)).toHaveLength(3)
    const metadata = await web.retrieveStudyMetadata({ studyInstanceUID: STUDY })
    expect(metadata.map((one) => one['00083002'])).toEqual(
      [EXPLICIT, IMPLICIT, JPEG_LOSSLESS].map((uid) => ({ vr: 'UI', Value: [uid] })),
    )
    expect(metadata[1]?.['00280010']).toEqual({ vr: 'US', Value: [4] })
    const files = await web.retrieveStudy({ studyInstanceUID: STUDY })
    expect(files).toHaveLength(3)
    for (const [at, { instance, file }] of made.entries()) {
      const named = { ...uids, sopInstanceUID: instance }
      const whole = await web.retrieveInstance(named)
      expect(bytesOf(whole).equals(await readFile(file))).toBe(true)
      const [frame] = await web.retrieveInstanceFrames({
        ...{ ...named, frameNumbers: [1] },
        mediaTypes: [{ mediaType: 'application/octet-stream', transferSyntaxUID: '*' }],
      })
      expect(bytesOf(frame).equals(Buffer.alloc(16, at + 1))).toBe(true)
    }
    const BulkDataURI = metadata[0]?.['7FE00010']?.BulkDataURI
    const [pixels] = await web.retrieveBulkData({ BulkDataURI })
    expect(bytesOf(pixels).equals(Buffer.alloc(16, 1))).toBe(true)
  })

  it('transcodes nothing, and shows what it can as a small picture', async () => {
    const one = (at: number) => `/studies/${STUDY}/series/${SERIES}/instances/${STUDY}.1.${at}`
    const frames = (at: number, accept: string) => ask(`${one(at)}/frames/1`, { accept })
    const octets = 'multipart/related; type="application/octet-stream"'
    expect((await frames(1, octets)).status).toBe(200)
    expect((await frames(3, octets)).status).toBe(406)
    const jpeg = await frames(3, 'multipart/related; type="image/jpeg"')
    expect(jpeg.body.toString('latin1')).toContain(`image/jpeg;transfer-syntax=${JPEG_LOSSLESS}`)
    expect((await frames(1, 'text/html')).status).toBe(406)
    expect((await ask(`${one(1)}/frames/2`)).status).toBe(404)
    const small = await ask(`${one(2)}/thumbnail`)
    expect(small.headers['content-type']).toBe('image/png')
    expect(small.body.readUInt32BE(16)).toBe(4)
    expect((await ask(`${one(3)}/thumbnail`)).status).toBe(406)
    expect((await ask(`${one(9)}/metadata`)).status).toBe(404)
    expect((await ask('/studies?Nonsense=1')).status).toBe(400)
  })

  it('refuses other hosts, pages and methods, and whoever has no token', async () => {
    const status = async (headers: Record<string, string>, method?: string) =>
      (await ask('/studies', headers, method)).status
    expect(await status({})).toBe(200)
    expect(await status({ authorization: '' })).toBe(401)
    expect(await status({ authorization: `Bearer ${server.token}x` })).toBe(401)
    expect(await status({ host: 'attacker.example:80' })).toBe(403)
    expect(await status({ origin: 'https://attacker.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
    expect(await status({}, 'POST')).toBe(405)
    const page = await ask('/studies', { origin: ORIGIN })
    expect(page.headers['access-control-allow-origin']).toBe(ORIGIN)
    const preflight = await ask('/studies', { origin: ORIGIN, authorization: '' }, 'OPTIONS')
    expect(preflight.status).toBe(204)
    expect(await status({ origin: 'https://attacker.example' }, 'OPTIONS')).toBe(403)
  })

  it('keeps nothing readable on the disk, and nothing at all after its time', async () => {
    const sealed = join(out, 'sealed')
    const names = await readdir(sealed)
    expect(names).toHaveLength(3)
    for (const name of names) {
      const bytes = await readFile(join(sealed, name))
      for (const planted of ['PSEUDONYM', STUDY, CT, 'DICM'])
        expect(bytes.includes(planted)).toBe(false)
    }
    expect(library.olderThan(1_000)).toEqual([])
    now = 1_000
    for (const transfer of library.olderThan(1_000)) await library.remove(transfer)
    expect(await readdir(sealed)).toEqual([])
    expect(JSON.parse((await ask('/studies')).body.toString())).toEqual([])
  })
})

describe('sealed files', () => {
  it('return any range, and nothing that was changed', async () => {
    const files = await SealedFiles.in(join(out, 'ranges'))
    const whole = Buffer.alloc(200_000, 'abcdefg')
    const file = await files.write(createPieces(whole), () => undefined)
    for (const [start, end] of [
      [0, 200_000],
      [65_535, 65_537],
      [131_072, 131_072],
      [199_990, 300_000],
    ] as const) {
      const parts: Buffer[] = []
      for await (const part of readSealed(file, start, end)) parts.push(part)
      expect(Buffer.concat(parts).equals(whole.subarray(start, end))).toBe(true)
    }
    const bytes = await readFile(file.path)
    bytes[70_000] = (bytes[70_000] ?? 0) ^ 1
    await writeFile(file.path, bytes)
    const second = readSealed(file, 66_000, 66_010).next()
    await expect(second).rejects.toMatchObject({ code: 'file_unreadable' })
    await expect(
      files.write(createPieces(whole), () => {
        throw new Error('does not match')
      }),
    ).rejects.toThrow('does not match')
    expect(await readdir(join(out, 'ranges'))).toHaveLength(1)
  })

  async function* createPieces(whole: Buffer): AsyncGenerator<Buffer> {
    for (let at = 0; at < whole.length; at += 10_000) {
      await Promise.resolve()
      yield whole.subarray(at, at + 10_000)
    }
  }
})

describe('wipe', () => {
  it('removes opened files and what a killed process left, and keeps receipts', async () => {
    const plain = join(out, 'plain')
    const folder = join(plain, TRANSFER)
    await writeFile(join(folder, 'receipts.ndjson'), '{}\n')
    await mkdir(join(plain, '.serving-999999999'))
    await mkdir(join(plain, `.serving-${process.pid}`))
    expect(await wipeServing(plain, false)).toBe(1)
    const kept = { keepMs: 3_600_000, now: Date.now() }
    expect(await tidyFolder(plain, new Set([TRANSFER]), kept)).toEqual([])
    expect(await tidyFolder(plain, undefined, kept)).toEqual([])
    expect(await tidyFolder(plain, new Set(), kept)).toEqual([TRANSFER])
    expect(await readdir(folder)).toEqual(['receipts.ndjson'])
    expect(await openedTransfers(plain)).toEqual([TRANSFER])
    expect(await wipeTransfer(plain, TRANSFER)).toBe(false)
  })
})
