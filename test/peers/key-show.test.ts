/**
 * Compares `nocturne key show` with the gateway's own judgement, for certificates made by real
 * programs. Needs `npm run build`.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NocturneError } from '../../src/lib/errors.js'
import { readPrivateKey } from '../../src/seal/keys/keys.js'
import { toRecipient } from '../../src/seal/keys/certificate.js'
import { nocturne } from '../whole-way/_gateway.js'
import { KEYS } from './_keys.js'

const rows: string[] = []

afterAll(() => {
  process.stdout.write(`\nWhat key show and the gateway say of a certificate\n${rows.join('\n')}\n`)
})

describe('key show', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nocturne-key-show-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(KEYS.map((key) => [`${key.maker} ${key.kind}`, key] as const))(
    'judges a certificate by %s as the gateway does',
    async (name, key) => {
      const privateKey = await key.make()
      if (privateKey === undefined) {
        rows.push(`${name}: not made, its maker is not installed`)
        return
      }
      const { certificate } = await readPrivateKey(privateKey)
      const file = join(folder, 'certificate.asc')
      await writeFile(file, certificate)
      for (const fips of [false, true]) {
        const shown = await nocturne('key', 'show', file, '--json', ...(fips ? ['--fips'] : []))
        const { isAccepted, fingerprint, problems } = JSON.parse(shown.stdout) as {
          isAccepted: boolean
          fingerprint: string
          problems: { code: string; reason: string }[]
        }
        const judged = await toRecipient('peer', certificate, new Date(), { fips }).then(
          (recipient) => ({ fingerprint: recipient.fingerprint, code: undefined }),
          (error: unknown) => ({
            fingerprint,
            code: error instanceof NocturneError ? error.code : String(error),
          }),
        )
        expect({ fingerprint, code: problems[0]?.code }).toEqual(judged)
        expect(isAccepted).toBe(judged.code === undefined)
        expect(shown.status).toBe(isAccepted ? 0 : 1)
        const said = problems.map(({ reason }) => reason).join('; ')
        rows.push(
          `${name}${fips ? ', fips' : ''}: ${isAccepted ? 'accepted' : `${String(judged.code)}: ${said}`}`,
        )
      }
    },
    180_000,
  )
})
