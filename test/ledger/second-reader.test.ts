/**
 * The published log, read by a program in another language that was written from the specifications
 * alone.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { createWitnessing } from '../../src/ledger/witness/witnessing.js'
import { openLogFiles } from '../../src/store/index.js'
import { fill, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'
import { openWitness, submitTo } from './_witness.js'
import type { TestWitness } from './_witness.js'

const run = promisify(execFile)
const SCRIPT = join(import.meta.dirname, 'second_reader.py')

const missing = await run('python3', ['-c', 'import cryptography']).then(
  () => undefined,
  () => 'needs python3 with python3-cryptography',
)
const suite = missing === undefined ? describe : describe.skip

suite(`a second implementation${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let open: OpenLedger
  let dir: string
  let log: string
  let witness: TestWitness
  let proof: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nocturne-second-'))
    log = join(dir, 'log')
    open = await openLedger()
    const { state, ledger } = open
    await fill(ledger, 1_000)
    witness = await openWitness([ledger.verifierKey])
    const { name, key } = witness
    const witnesses = [{ name, key, url: `https://${name}` }]
    const now = Date.now
    const submit = submitTo(witness)
    const options = { state, ledger, witnesses, submit, holder: 'one', now }
    const witnessing = await createWitnessing(options)
    await witnessing.round()
    const files = await openLogFiles({ kind: 'files', path: dir })
    const { verifierKey } = ledger
    const publisher = createPublisher({ state, files, verifierKey, holder: 'one', now, keepMs: 1 })
    await publisher.publish()
    proof = join(dir, 'proof')
    await writeFile(proof, await ledger.proof(700))
  })
  afterAll(async () => {
    await open.close()
    await rm(dir, { recursive: true, force: true })
  })

  const read = async () => {
    const words = [SCRIPT, log, open.ledger.verifierKey, witness.key, '--proof', proof]
    const { stdout } = await run('python3', words)
    return JSON.parse(stdout) as Record<string, unknown>
  }

  it('reads tiles of every level, bundles, checkpoint, a proof and its cosignature', async () => {
    const report = await open.ledger.verify()
    await expect(read()).resolves.toMatchObject({
      origin: 'gateway.example.org/audit',
      size: report.size,
      root: report.root,
      pruned: 0,
      proof: {
        index: 700,
        entry: { detail: { number: 700 } },
        witnessed: { [witness.name]: expect.any(Number) },
      },
    })
  })

  it.each([
    ['an entry', 'tile/entries/001', 'entry 256 does not hash to its tile'],
    ['a leaf', 'tile/0/002', 'entry 512 does not hash to its tile'],
    ['a higher tile', 'tile/1/000.p/3', 'tile 0 of level 1 is not what is below it'],
    ['the checkpoint', 'checkpoint', 'a signature does not verify'],
  ])('refuses %s with a bit changed', async (_what, name, problem) => {
    const path = join(log, name)
    const bytes = await readFile(path)
    const at = name === 'checkpoint' ? bytes.indexOf('\n') - 1 : 25
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    await writeFile(path, changed)
    await expect(read()).rejects.toMatchObject({ stderr: expect.stringContaining(problem) })
    await writeFile(path, bytes)
  })
})
