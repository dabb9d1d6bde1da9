/**
 * What someone with write access to the database gains: nothing. Every guarded row is changed,
 * added, restored or removed in a real database with a real ledger.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { createTokens } from '../../src/access/index.js'
import type { Tokens } from '../../src/access/index.js'
import { createRegisters } from '../../src/compliance/registers.js'
import { adoptRows, createSigners, surveyRows } from '../../src/ledger/rows/index.js'
import type { Actor } from '../../src/ledger/log/index.js'
import { createCertificates, createGatewayKeys } from '../../src/site/index.js'
import type { Tables } from '../../src/state/index.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const FIELDS = {
  ...{ organisation: 'nights', name: 'Nights', role: 'business-associate' },
  ...{ address: '1 Main Street', contact: 'the front desk' },
}
const operator: Actor = { id: 'operator-1', role: 'operator', method: 'site' }
const officer: Actor = { id: 'officer-1', role: 'officer', method: 'token' }
const fingerprintOf = (text: string) =>
  createHash('sha256').update(text.split(' ')[0]!).digest('hex')

let site: TestSite
let tokens: Tokens
beforeEach(async () => {
  site = await openTestSite()
  tokens = createTokens({ ...site, now: site.clock.now })
})
afterEach(async () => {
  await tokens.close()
  await site.close()
})

/** Alters rows like an attacker who has the database but not the site's secret. */
const alter = (table: keyof Tables, change: object, where = {}) =>
  site.state.transaction(async (tx) => {
    let query = tx.updateTable(table as 'tokens').set(change)
    for (const [column, value] of Object.entries(where))
      query = query.where(column as 'id', '=', value as string)
    await query.execute()
  })

const alerts = async () =>
  (await site.events()).flatMap(({ type, detail }) => (type === 'row.mismatched' ? [detail] : []))

describe('a token', () => {
  it.each([
    ['of another principal', { principal: 'operator-1' }],
    ['that lives longer', { expires_at: Number.MAX_SAFE_INTEGER }],
    ['without a MAC', { mac: null }],
    ['with the MAC of nothing', { mac: '' }],
  ])('%s is not used, and is an alert once', async (_what, change) => {
    const { token, id } = await tokens.issue('reader-1', { days: 1, actor: operator })
    expect(await tokens.verify(token)).toMatchObject({ principal: 'reader-1' })
    await alter('tokens', change)
    expect(await tokens.verify(token)).toBeUndefined()
    expect(await tokens.verify(token)).toBeUndefined()
    expect(await alerts()).toEqual([{ table: 'tokens', row: id, reason: 'mac' }])
    expect(site.guard.mismatches()).toMatchObject([{ table: 'tokens', id }])
    expect(await tokens.list()).toEqual([])
  })

  it('added by somebody else is not used, and a survey finds it before anyone tries it', async () => {
    const { id } = await tokens.issue('reader-1', { days: 1, actor: operator })
    await tokens.issue('operator-1', { days: 1, actor: operator })
    const hash = createHash('sha256')
      .update(`noct_${'A'.repeat(43)}`)
      .digest('hex')
    await alter('tokens', { hash }, { id })
    expect(await surveyRows(site.state, site.guard)).toMatchObject([{ id, reason: 'mac' }])
    expect(await tokens.verify(`noct_${'A'.repeat(43)}`)).toBeUndefined()
  })

  it('that was revoked stays revoked when its row is restored', async () => {
    const { token, id } = await tokens.issue('reader-1', { days: 1, actor: operator })
    const before = await site.state.db.selectFrom('tokens').selectAll().executeTakeFirstOrThrow()
    await tokens.revoke(id, operator)
    await alter('tokens', { revoked_at: null, mac: before.mac })
    expect(await tokens.verify(token)).toBeUndefined()
    expect(await alerts()).toEqual([{ table: 'tokens', row: id, reason: 'ledger' }])
  })

  it('that is not ours does not become ours by being revoked', async () => {
    const { id } = await tokens.issue('reader-1', { days: 1, actor: operator })
    await alter('tokens', { principal: 'operator-1' })
    await tokens.revoke(id, operator)
    expect(await surveyRows(site.state, site.guard)).toMatchObject([{ id }])
  })
})

describe('a certificate in effect', () => {
  const certificatesOf = async (reader: string, among?: []) => {
    const person = { id: 'reader-1', role: 'reader' as const, certificate: reader }
    const made = await createCertificates({
      ...{ ...site, now: site.clock.now },
      config: {
        ...{ gateway: { name: 'gateway.test' }, facilities: [] },
        ...{ people: among ?? [person], recovery: 'recovery' },
      } as unknown as Parameters<typeof createCertificates>[0]['config'],
      fingerprintOf: (text) => Promise.resolve(fingerprintOf(text)),
      isRevoked: (text) => Promise.resolve(text.endsWith(' revoked')),
      verifyDetached: (_text, signature, certificate) =>
        Promise.resolve(signature === `by ${certificate}`),
    })
    return made
  }
  const stranger = { certificate: 'stranger', fingerprint: fingerprintOf('stranger') }
  const where = { principal: 'reader-1' }

  it.each([
    ['changed', (): Promise<void> => alter('certificates', stranger, where)],
    [
      'removed',
      (): Promise<void> =>
        site.state.transaction(async (tx) => {
          await tx.deleteFrom('certificates').where('principal', '=', 'reader-1').execute()
        }),
    ],
  ])('that was %s: the file stands in for it when the ledger names it', async (_how, attack) => {
    const certificates = await certificatesOf('file')
    await certificates.record()
    expect(certificates.inEffect('reader-1')).toBe('file')
    await attack()
    await certificates.refresh()
    expect(certificates.inEffect('reader-1')).toBe('file')
    expect(await alerts()).toHaveLength(1)
    // A start with the same file rewrites the row; one with another file proposes a change.
    const other = await certificatesOf('stranger')
    expect(other.inEffect('reader-1')).toBeNull()
    await other.record()
    expect(other.inEffect('reader-1')).toBeNull()
    expect(await other.waiting()).toMatchObject([{ from: fingerprintOf('file') }])
    const again = await certificatesOf('file')
    await again.record()
    expect(again.inEffect('reader-1')).toBe('file')
    expect(site.guard.mismatches()).toEqual([])
  })

  it('cannot be replaced by an earlier one', async () => {
    await (await certificatesOf('old')).record()
    const before = await site.state.db
      .selectFrom('certificates')
      .selectAll()
      .where('principal', '=', 'reader-1')
      .executeTakeFirstOrThrow()
    const certificates = await certificatesOf('new')
    await certificates.record()
    await certificates.confirm('reader-1', 'by old', operator)
    expect(certificates.inEffect('reader-1')).toBe('new')
    await alter('certificates', before, where)
    await certificates.refresh()
    expect(certificates.inEffect('reader-1')).toBe('new')
    expect(await alerts()).toMatchObject([{ reason: 'ledger' }])
  })

  it('stays revoked when an old file comes back, also after its removal', async () => {
    await (await certificatesOf('key')).record()
    await (await certificatesOf('key revoked')).record()
    const back = await certificatesOf('key')
    await back.record()
    expect(back.inEffect('reader-1')).toBe('key revoked')
    await (await certificatesOf('key', [])).record()
    const again = await certificatesOf('key')
    await again.record()
    expect(again.inEffect('reader-1')).toBe('key revoked')
  })

  it('is not taken from a waiting certificate that was changed', async () => {
    await (await certificatesOf('old')).record()
    const certificates = await certificatesOf('new')
    await certificates.record()
    await alter('certificate_changes', stranger, where)
    await expect(certificates.confirm('reader-1', 'by stranger', operator)).rejects.toMatchObject({
      code: 'certificate_not_waiting',
    })
  })
})

it('a key that no gateway ever had is not among the former keys', async () => {
  const keysOf = (certificate: string) =>
    createGatewayKeys({
      ...{ ...site, now: site.clock.now },
      key: { fingerprint: fingerprintOf(certificate), certificate },
      problemOf: () => Promise.resolve(undefined),
    })
  await keysOf('first').record()
  await keysOf('second').record()
  expect(await keysOf('second').former()).toMatchObject([{ certificate: 'first' }])
  await alter('gateway_keys', { certificate: 'stranger' }, { certificate: 'first' })
  expect(await keysOf('second').former()).toEqual([])
  expect(await alerts()).toMatchObject([{ table: 'gateway_keys' }])
})

describe('an entry of a register', () => {
  const person = { kind: 'organisation', fields: FIELDS } as const

  it('that was changed, revived or removed is not used, and raises an alert', async () => {
    const registers = createRegisters({ ...site, now: site.clock.now })
    const { ids } = await registers.add([person], officer)
    const [id = ''] = ids
    const before = await site.state.db
      .selectFrom('register_entries')
      .selectAll()
      .executeTakeFirstOrThrow()
    await alter('register_entries', { subject: 'else' })
    await expect(registers.show(id)).rejects.toMatchObject({ code: 'not_found' })
    expect((await registers.all()).organisation).toEqual([])
    await alter('register_entries', { subject: before.subject })
    expect(await registers.show(id)).toMatchObject({ id })
    await registers.end(id, officer)
    await alter('register_entries', { ended_at: null, mac: before.mac })
    expect(await registers.list('organisation')).toEqual([])
    await registers.add([{ ...person, fields: { ...FIELDS, organisation: 'days' } }], officer)
    await site.state.transaction(async (tx) => {
      await tx.deleteFrom('register_entries').where('id', '!=', id).execute()
    })
    await registers.all()
    expect((await alerts()).map((detail) => detail?.reason)).toEqual(['mac', 'ledger', 'missing'])
  })
})

describe('what somebody signed', () => {
  const signed = (id: string, author: string, certificate: string) => ({ id, author, certificate })
  const signersOf = () =>
    createSigners({
      guard: site.guard,
      fingerprintOf: (text) =>
        text.includes('broken')
          ? Promise.reject(new Error('broken'))
          : Promise.resolve(fingerprintOf(text)),
    })
  const named = (principal: string, from: string | null, to: string | null) =>
    site.ledger.note({
      ...{ type: 'certificate.changed', outcome: 0, actor: operator },
      detail: { principal, from, to },
    })

  it('is handed out with a certificate that its signer has or had, and with no other', async () => {
    const signers = signersOf()
    const rows = [
      signed('1', 'reader-1', 'former'),
      signed('2', 'reader-1', 'present'),
      signed('3', 'reader-1', 'stranger'),
      signed('4', 'reader-1', 'colleague'),
      signed('5', 'reader-1', 'broken'),
      signed('6', 'nobody', 'present'),
    ]
    const sift = async () =>
      (await signers.sift('case_reports', rows, ({ author }) => author)).map(({ id }) => id)
    await named('reader-1', null, fingerprintOf('former'))
    await named('reader-1', fingerprintOf('former'), fingerprintOf('present'))
    await named('reader-2', null, fingerprintOf('colleague'))
    expect(await sift()).toEqual(['1', '2'])
    const bad = ['3', '4', '5', '6']
    const found = bad.map((row) => ({ table: 'case_reports', row, reason: 'signer' }))
    expect(await alerts()).toEqual(found)
    expect(site.guard.mismatches().map(({ id }) => id)).toEqual(bad)
    // Each is an alert once; one that is as it was is used, and no longer named.
    rows[2] = signed('3', 'reader-1', 'present')
    expect(await sift()).toEqual(['1', '2', '3'])
    expect(await alerts()).toHaveLength(4)
    expect(site.guard.mismatches().map(({ id }) => id)).toEqual(['4', '5', '6'])
  })

  it('stays readable after its signer has been removed', async () => {
    await named('reader-1', null, fingerprintOf('present'))
    await named('reader-1', fingerprintOf('present'), null)
    const rows = [signed('1', 'reader-1', 'present')]
    expect(await signersOf().sift('handovers', rows, ({ author }) => author)).toEqual(rows)
  })
})

describe('rows of an earlier version', () => {
  const started = (detail: Record<string, string>) =>
    site.ledger.note({ type: 'gateway.started', outcome: 0, actor: operator, detail })

  it('get their MACs exactly once', async () => {
    await started({ version: '0' })
    const { token } = await tokens.issue('reader-1', { days: 1, actor: operator })
    await alter('tokens', { mac: null })
    await adoptRows({ ledger: site.ledger, macs: site.guard })
    expect(await tokens.verify(token)).toMatchObject({ principal: 'reader-1' })
    await alter('tokens', { mac: null })
    await adoptRows({ ledger: site.ledger, macs: site.guard })
    expect(await tokens.verify(token)).toBeUndefined()
  })

  it('do not exist on a site that started with MACs', async () => {
    await started({ version: '1', rows: 'sealed' })
    const { token } = await tokens.issue('reader-1', { days: 1, actor: operator })
    await alter('tokens', { mac: null })
    await adoptRows({ ledger: site.ledger, macs: site.guard })
    expect(await tokens.verify(token)).toBeUndefined()
  })
})
