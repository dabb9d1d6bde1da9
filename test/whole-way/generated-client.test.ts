/**
 * A client that a public generator makes from the OpenAPI document: it compiles, sends, lists and
 * fetches.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'
import { makeSite, ROOT } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { makeStudy } from './_study.js'

interface Client {
  readonly sendListFetch: (
    baseUrl: string,
    tokens: { readonly sender: string; readonly reader: string },
    file: Uint8Array,
  ) => Promise<{
    readonly outcomes: readonly string[]
    readonly priority: string
    readonly sealed: Uint8Array
    readonly event: string
    readonly refused: string
  }>
}

describe('a client generated from the document', () => {
  let site: TestSite
  let gateway: RunningGateway
  /** Below node_modules, where it finds openapi-fetch. */
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(ROOT, 'node_modules/.generated-client-'))
    site = await makeSite()
    gateway = await site.start()
  }, 60_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('compiles against the types, and sends, lists and fetches', async () => {
    const types = astToString(await openapiTS(new URL('/openapi.json', gateway.url)))
    await writeFile(join(folder, 'paths.d.ts'), types)
    const source = await readFile(new URL('./_generated-client.txt', import.meta.url), 'utf8')
    const file = join(folder, 'client.ts')
    await writeFile(file, source)
    expect(compile(file)).toEqual([])

    const study = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
    const { sendListFetch } = (await import(
      pathToFileURL(join(folder, 'client.js')).href
    )) as Client
    const tokens = { sender: await site.token('facility-a'), reader: await site.token('reader-1') }
    const done = await sendListFetch(gateway.url, tokens, await readFile(study[0] ?? ''))
    expect(done).toMatchObject({
      outcomes: ['accepted'],
      priority: 'stat',
      refused: 'recipient_not_allowed',
    })
    // The first packet is a PKESK (RFC 9580 section 4.2): tag 1.
    expect([0x84, 0x85, 0xc1]).toContain(done.sealed[0])
    expect(Number(done.event)).toBeGreaterThan(0)
  })
})

/** What the compiler complains about; JavaScript is written beside the file. */
function compile(file: string): readonly string[] {
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  })
  const emitted = program.emit()
  return [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics].map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, '\n'),
  )
}
