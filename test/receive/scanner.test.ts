import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { DOCUMENT_TYPES, inspectDocument } from '../../src/receive/inspect/index.js'
import type { ScannerAddress } from '../../src/receive/inspect/index.js'
import { clamdMissing, eicar, startClamd } from '../_clamd.js'
import type { Clamd } from '../_clamd.js'

async function findingOf(content: Buffer, scanner: ScannerAddress): Promise<string | undefined> {
  async function* bytes() {
    for (let at = 0; at < content.length; at += 65_536)
      yield await Promise.resolve(content.subarray(at, at + 65_536))
  }
  let size = 0
  try {
    const rules = { types: DOCUMENT_TYPES, scanner, waived: [] }
    for await (const chunk of inspectDocument(bytes(), 'text/plain', rules)) size += chunk.length
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  } finally {
    expect(size).toBe(content.length)
  }
}

const title = clamdMissing === undefined ? '' : ` (skipped: ${clamdMissing})`
const suite = clamdMissing === undefined ? describe : describe.skip

suite(`a document scanned by clamd${title}`, () => {
  let clamd: Clamd
  beforeAll(async () => {
    clamd = await startClamd(1 << 20)
  }, 60_000)
  afterAll(async () => {
    await clamd.stop()
  })

  it('passes if it is clean', async () => {
    expect(await findingOf(Buffer.from('Clinical question: bleeding?'), clamd)).toBeUndefined()
    expect(await findingOf(Buffer.alloc(500_000, 'text '), clamd)).toBeUndefined()
  })

  it('is held if clamd finds something, at its start or far behind', async () => {
    expect(await findingOf(eicar(), clamd)).toBe('document_infected')
    const late = Buffer.concat([Buffer.alloc(300_000, 'text '), eicar()])
    expect(await findingOf(late, clamd)).toBe('document_infected')
  })

  it('is held if it is larger than clamd accepts', async () => {
    expect(await findingOf(Buffer.alloc(3 << 20, 'text '), clamd)).toBe('document_unscanned')
  })
})

describe('a scanner that fails', () => {
  const failing = async (answer: (server: Server) => void): Promise<string | undefined> => {
    const server = createServer()
    answer(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const found = await findingOf(Buffer.alloc(400_000, 'text '), { host: '127.0.0.1', port })
    await new Promise((resolve) => server.close(resolve))
    return found
  }

  it('holds the document: absent, hanging up, or answering something else', async () => {
    const absent = { path: '/nonexistent/clamd.ctl' }
    expect(await findingOf(Buffer.from('text'), absent)).toBe('document_unscanned')
    expect(await failing((server) => server.on('connection', (one) => one.destroy()))).toBe(
      'document_unscanned',
    )
    expect(
      await failing((server) =>
        server.on('connection', (one) => {
          one.on('error', () => undefined)
          one.once('data', () => one.end('stream: OKAY\0'))
        }),
      ),
    ).toBe('document_unscanned')
  })
})
