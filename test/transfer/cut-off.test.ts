/**
 * A sender who is cut off while an upload is under way: the transaction of the commit finds out,
 * even if everything that was asked before it did not.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createTokens } from '../../src/access/index.js'
import type { Tokens } from '../../src/access/index.js'
import type { Site } from '../../src/config/index.js'
import { file } from '../deidentify/_build.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { codeOf, openTransferSite, part, SENDER } from './_site.js'
import type { OpenedSite } from './_site.js'

const OPERATOR = { id: 'operator-1', role: 'operator', method: 'site' } as const
const whole = { complete: true } as const
const onPostgres = (site: Site, server: string): Site => {
  const url = new URL(server)
  const databasePassword = decodeURIComponent(url.password)
  url.password = ''
  return {
    config: { ...site.config, database: url.href },
    secrets: { ...site.secrets, databasePassword },
  }
}
let count = 0
const instance = () => {
  const uid = `1.2.3.${String(++count)}`
  return file([
    [0x0020000d, 'UI', uid],
    [0x00080018, 'UI', `${uid}.1`],
  ])
}

describe.each([
  { name: 'SQLite', missing: undefined },
  { name: 'PostgreSQL', missing: postgresMissing },
])('on $name', ({ name, missing }) => {
  if (missing !== undefined) {
    it.skip(`refuses those who were cut off (skipped: ${missing})`, () => undefined)
    return
  }
  let site: OpenedSite
  let tokens: Tokens
  let postgres: TestPostgres | undefined
  beforeAll(async () => {
    postgres = name === 'PostgreSQL' ? await startPostgres() : undefined
    site = await openTransferSite({}, (read) => (postgres ? onPostgres(read, postgres.url) : read))
    tokens = createTokens({ ...site.ground, now: site.clock.now })
  }, 60_000)
  afterAll(async () => {
    await tokens.close()
    await site.close()
    await postgres?.stop()
  })
  const senderWith = async () => {
    const { id } = await tokens.issue('facility-a', { days: 1, actor: OPERATOR })
    return { ...SENDER, token: id }
  }
  const available = async () =>
    (await site.transfers.available(['nights'], 100)).map(({ id }) => id).sort()

  it('refuses an upload whose token was revoked, in the same commit too', async () => {
    const actor = await senderWith()
    const [before, upload, kept] = [
      await available(),
      await site.begin({ actor }),
      await site.begin({ actor: await senderWith() }),
    ]
    await upload.take(part(instance()))
    await kept.take(part(instance()))
    // Both are part of one transaction, in this order.
    const revoked = tokens.revoke(actor.token, OPERATOR)
    expect(await codeOf(upload.commit(whole))).toBe('unauthenticated')
    await revoked
    await kept.commit(whole)
    expect(await available()).toEqual([...before, kept.transfer].sort())
  })

  it('refuses an instance of one sender, and keeps those of another in the same study', async () => {
    const [actor, other] = [await senderWith(), await senderWith()]
    const gathering = await site.gather(String(++count).padStart(64, '0'))
    const from = (sender: typeof actor) => ({ sender: { actor: sender, facility: 'facility-a' } })
    await gathering.add(part(instance()), from(actor))
    await tokens.revoke(actor.token, OPERATOR)
    expect(await codeOf(gathering.add(part(instance()), from(actor)))).toBe('unauthenticated')
    await gathering.add(part(instance()), from(other))
    await gathering.end()
    const transfer = await site.find(gathering.transfer)
    expect(transfer.items).toBe(2)
    // A study that is due is completed, whoever sent it; a request to complete it is refused.
    const asked = { ...transfer, isAsked: true }
    expect(await codeOf(site.transfers.complete(actor, asked))).toBe('unauthenticated')
    await site.transfers.complete(actor, transfer)
  })

  it('refuses an upload of a facility that was removed, as another gateway recorded it', async () => {
    await site.certificates.record()
    const upload = await site.begin()
    await upload.take(part(instance()))
    const { db } = site.ground.state
    await site.ground.state.transaction((tx) =>
      tx
        .updateTable('certificates')
        .set({ removed_at: site.clock.now() })
        .where('principal', '=', 'facility-a')
        .execute(),
    )
    expect(await site.certificates.recordedIn(db, ['facility-a', 'nobody'])).toEqual(
      new Map([['facility-a', null]]),
    )
    expect(await codeOf(upload.commit(whole))).toBe('unauthenticated')
  })
})
