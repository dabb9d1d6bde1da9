/**
 * What a browser runs to open a sealed item, in a real one: content as it comes from a server, into
 * its private file system.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { newEnvelope } from '../../src/seal/index.js'
import { content, person, sealTo } from '../seal/_seal.js'
import type { Person } from '../seal/_seal.js'
import { noChromium, startChromium, watchHeap } from './_chromium.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`

const CHUNK = 2 ** 20
const PIECE = content(2 ** 20)
const LARGE_PIECES = 310
/** Some chunks, and openpgp itself; the item is eight times as large. */
const MOST_MB = 40

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function* largeContent(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < LARGE_PIECES; at++) yield await Promise.resolve(PIECE)
}

interface Outcome {
  readonly opened?: { readonly name: string; readonly size: number }
  readonly failure?: string
  /** Names and sizes, and SHA-256 of each 2^20 octets, of what is in the folder afterwards. */
  readonly files: readonly {
    readonly name: string
    readonly size: number
    readonly sha256: string
  }[]
}

/** What `bundle` makes. */
interface Opener {
  open(path: string, armoredKey: string): Promise<Outcome>
}

suite(`opening in Chromium${why}`, () => {
  let browser: Browser
  let server: Server
  let page: Page
  let reader: Record<'seipd1' | 'seipd2', Person>
  /** Messages by path. */
  const served = new Map<string, () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>>()

  beforeAll(async () => {
    const script = await bundle()
    server = createServer((request, response) => {
      if (request.url === '/opener.js') response.setHeader('Content-Type', 'text/javascript')
      const send = async () => {
        const message = served.get(request.url ?? '')
        for await (const piece of message?.() ?? [])
          if (!response.write(piece))
            await new Promise((resolve) => response.once('drain', resolve))
        response.end(request.url === '/opener.js' ? script : '')
      }
      send().catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    reader = { seipd1: await person('old', 'seipd1'), seipd2: await person('new') }
    browser = await startChromium()
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })

  let messages = 0
  /** Opens one message in the page as `nocturne` would name it, into an empty folder. */
  const open = (
    message: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    key: string,
  ): Promise<Outcome> => {
    const path = `/${++messages}`
    served.set(path, message)
    return page.evaluate(
      async ([script, path, key]) => {
        const opener = (await import(script)) as Opener
        return opener.open(path, key)
      },
      ['/opener.js', path, key] as const,
    )
  }

  it.each(['seipd1', 'seipd2'] as const)(
    `opens an item of ${LARGE_PIECES} MB in %s as it is fetched, in bounded memory`,
    async (format) => {
      const envelope = await newEnvelope([reader[format].recipient], new Date())
      expect(envelope.format).toBe(format)
      async function* message(): AsyncGenerator<Uint8Array> {
        yield envelope.keyPackets[0]!.packet
        yield* envelope.seal(largeContent(), { isMeasured: false }).bytes
      }
      const size = LARGE_PIECES * PIECE.length
      const { value, heldMb, looks } = await watchHeap(page, () =>
        open(message, reader[format].armoredKey),
      )
      const pieces = Array.from({ length: LARGE_PIECES }, () => sha256(PIECE))
      expect(value).toEqual({
        opened: { name: 'item.bin', size },
        files: [{ name: 'item.bin', size, pieces }],
      })
      expect(looks).toBeGreaterThan(3)
      expect(heldMb).toBeLessThan(MOST_MB)
      console.log(`Chromium, ${format}: ${LARGE_PIECES} MB opened in ${Math.round(heldMb)} MB`)
    },
    180_000,
  )

  it.each(['seipd1', 'seipd2'] as const)(
    'keeps nothing of a %s message that is changed, cut, longer, or for somebody else',
    async (format) => {
      const { armoredKey } = reader[format]
      const whole = await sealTo(reader[format], content(3 * CHUNK))
      const flipped = (at: number) => {
        const changed = Buffer.from(whole)
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
        return changed
      }
      const middle = whole.length >> 1
      const chunk = CHUNK + 16
      const wrong: Record<string, Buffer> = {
        'first chunk': flipped(400),
        'middle chunk': flipped(middle),
        'last octet': flipped(whole.length - 1),
        'cut in a chunk': whole.subarray(0, middle),
        'cut at the end': whole.subarray(0, whole.length - 1),
        'left out': Buffer.concat([whole.subarray(0, middle), whole.subarray(middle + chunk)]),
        'something behind it': Buffer.concat([whole, Buffer.of(0)]),
        'another key': await sealTo(await person('other', format), content(50)),
        'no message': Buffer.from('not sealed at all'),
        nothing: Buffer.alloc(0),
      }
      const found: Record<string, Outcome> = {}
      for (const [name, bytes] of Object.entries(wrong))
        found[name] = await open(() => [bytes], armoredKey)
      const refused: Outcome = { failure: 'cannot_open', files: [] }
      expect(found).toEqual({
        ...Object.fromEntries(Object.keys(wrong).map((name) => [name, refused])),
        'another key': { failure: 'not_sealed_to_key', files: [] },
      })
    },
    60_000,
  )

  it.each([0, 1, CHUNK - 7, CHUNK - 6, CHUNK - 5, CHUNK, CHUNK + 1])(
    'opens a content of %i octets in both versions',
    async (size) => {
      for (const one of Object.values(reader)) {
        const whole = await sealTo(one, content(size))
        const outcome = await open(() => [whole.subarray(0, 9), whole.subarray(9)], one.armoredKey)
        const pieces = Array.from({ length: Math.ceil(size / PIECE.length) }, (_, at) =>
          sha256(content(size).subarray(at * PIECE.length, (at + 1) * PIECE.length)),
        )
        expect(outcome.files).toEqual([{ name: 'item.bin', size, pieces }])
      }
    },
  )
})

/** The modules of the page, with what a test asks them. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { readPrivateKey } from './src/seal/browser.js'
        import { piecesOf } from './src/web/pages/open/message-of.js'
        import { openFile } from './src/web/pages/open/open-file.js'

        const digest = async (part) => {
          const octets = new Uint8Array(await crypto.subtle.digest('SHA-256', await part.arrayBuffer()))
          return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('')
        }

        export async function open(path, armored) {
          const root = await navigator.storage.getDirectory()
          for await (const name of root.keys()) await root.removeEntry(name, { recursive: true })
          const key = await readPrivateKey(armored)
          const { body } = await fetch(path)
          const result = {}
          try {
            const sealed = { name: 'item.pgp', message: piecesOf(body) }
            result.opened = await openFile(sealed, [key], root, () => undefined)
          } catch (error) {
            result.failure = error.failure
          }
          const files = []
          for await (const [name, handle] of root.entries()) {
            const file = await handle.getFile()
            const pieces = []
            for (let at = 0; at < file.size; at += 2 ** 20)
              pieces.push(await digest(file.slice(at, at + 2 ** 20)))
            files.push({ name, size: file.size, pieces })
          }
          return { ...result, files }
        }`,
      resolveDir: fileURLToPath(new URL('../../', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'chrome111',
  })
  return outputFiles[0]?.text ?? ''
}
