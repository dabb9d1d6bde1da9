/**
 * `nocturne deidentify` is killed in the middle: every file that has its final name is complete.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildCli, type Finished } from '../cli/_cli.js'
import { makeStudy } from '../whole-way/_study.js'

const FILES = 100
const scratch = await mkdtemp(join(tmpdir(), 'nocturne-deidentify-kill-'))
const secret = join(scratch, 'secret')
const whole = join(scratch, 'whole')
let study: string[]
let main: string

/** Runs until it ends, or until it has reported `lives` files and is then killed. */
async function deidentify(out: string, lives = Infinity): Promise<Finished & { reported: number }> {
  const words = ['deidentify', ...study, '--profile', 'pseudonymize', '--out', out]
  const child = spawn(process.execPath, [main, ...words, '--secret-file', secret])
  const said = { stdout: '', stderr: '' }
  const reported = () => said.stdout.split(' -> ').length - 1
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()))
  child.stdout.on('data', (text: Buffer) => {
    said.stdout += text.toString()
    if (reported() >= lives) child.kill('SIGKILL')
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, ...said, reported: reported() }
}

const named = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()

async function expectWhole(folder: string): Promise<void> {
  for (const name of await named(folder)) {
    const [left, right] = await Promise.all([
      readFile(join(folder, name)),
      readFile(join(whole, name)),
    ])
    if (!left.equals(right)) throw new Error(`${name} differs from the output without a kill`)
  }
}

describe('nocturne deidentify, killed by SIGKILL', () => {
  beforeAll(async () => {
    main = await buildCli()
    await writeFile(secret, randomBytes(32).toString('base64'), { mode: 0o600 })
    study = await makeStudy(join(scratch, 'study'), '--instances', String(FILES))
    expect(await deidentify(whole)).toMatchObject({ status: 0, stderr: '', reported: FILES })
    expect(await named(whole)).toHaveLength(FILES)
  }, 60_000)

  afterAll(() => rm(scratch, { recursive: true, force: true }))

  test.each([1, 10, 40])(
    'after file %i: files with their final name are complete, and a second run adds the others',
    async (lives) => {
      let out = ''
      let killed: Awaited<ReturnType<typeof deidentify>> | undefined
      // On a busy machine the command may end before it can be killed.
      for (let attempt = 0; attempt < 5 && killed?.status !== null; attempt++) {
        out = join(scratch, `out-${lives}-${attempt}`)
        killed = await deidentify(out, lives)
      }
      const { status, reported } = killed!
      expect(status).toBeNull()
      const before = await named(out)
      expect(before.length).toBeGreaterThanOrEqual(reported)
      expect(before.length).toBeLessThan(FILES)
      await expectWhole(out)
      const again = await deidentify(out)
      expect(again).toMatchObject({ status: 1, reported: FILES - before.length })
      expect(again.stderr.split('the file already exists').length - 1).toBe(before.length)
      expect(await named(out)).toEqual(await named(whole))
      await expectWhole(out)
    },
    60_000,
  )
})
