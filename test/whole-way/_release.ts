/**
 * The form with which a facility sends back a quarantined item: statement and signature; the caller
 * adds the file.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { writeRelease } from '../../src/protocol/release-statement.js'
import type { Waivable } from '../../src/protocol/release-statement.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'

/** Signs a statement about the first item of the transfer. */
export async function signRelease(
  site: TestSite,
  gateway: RunningGateway,
  original: Buffer,
  about: { readonly transfer: string; readonly codes?: readonly Waivable[] },
  signer = 'facility-a',
): Promise<FormData> {
  const { body } = await call(gateway, 'GET', '/v1/gateway')
  const statement = writeRelease({
    gateway: String(body.name),
    facility: 'facility-a',
    item: 1,
    codes: ['pixels_at_risk'],
    reason: 'no-identifiers-seen',
    sha256: createHash('sha256').update(original).digest('hex'),
    signedAt: new Date().toISOString(),
    ...about,
  })
  const key = await readPrivateKey(await readFile(site.keyFile(signer), 'utf8'))
  const form = new FormData()
  form.set('statement', statement)
  form.set('signature', await signDetached(statement, key, new Date()))
  return form
}
