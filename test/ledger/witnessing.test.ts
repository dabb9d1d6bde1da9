import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { createWitnessing } from '../../src/ledger/witness/witnessing.js'
import { formatPolicy, parsePolicy } from '../../src/ledger/witness/policy.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { verifyReceipt, verifyReceiptUnder } from '../../src/ledger/verify/verify.js'
import type { Submit } from '../../src/ledger/witness/witnessing.js'
import { fill, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'
import { openWitness, submitTo } from './_witness.js'
import type { TestWitness } from './_witness.js'

let open: OpenLedger
let all: TestWitness[]
beforeEach(async () => {
  open = await openLedger()
  all = await Promise.all(
    ['a', 'b', 'c'].map((name) => openWitness([open.ledger.verifierKey], `${name}.example.org`)),
  )
})
afterEach(() => open.close())

const configs = () => all.map(({ name, key }) => ({ name, key, url: `https://${name}/` }))
const witnessing = (submit: Submit) =>
  createWitnessing({
    state: open.state,
    ledger: open.ledger,
    witnesses: configs(),
    submit,
    holder: 'one',
    now: Date.now,
  })
const policyOf = async () => {
  const policy = await parsePolicy(formatPolicy(open.ledger.verifierKey, configs()), nodeCrypto)
  if ('problem' in policy) throw new Error(policy.problem)
  return policy
}
const alarms = async () => {
  const { rows } = await open.ledger.query({
    types: ['witness.lost', 'witness.regained', 'witness.disagreed'],
  })
  return rows.map(({ entry }) => [entry.type, entry.detail?.witness])
}

describe('a gateway that asks its witnesses', () => {
  it('issues receipts that show who cosigned, once a majority has', async () => {
    await fill(open.ledger, 10)
    const asks = await witnessing(submitTo(...all.slice(0, 2)))
    await expect(asks.witnessed()).resolves.toBeUndefined()
    await expect(
      verifyReceiptUnder(await open.ledger.proof(3), await policyOf(), nodeCrypto),
    ).resolves.toMatchObject({
      ok: false,
      problem: 'the checkpoint has too few cosignatures for the policy',
    })
    const result = await asks.round()
    expect([...(result ?? [])]).toEqual([
      ['a.example.org', 'cosigned'],
      ['b.example.org', 'cosigned'],
      ['c.example.org', 'unreachable'],
    ])
    await expect(asks.witnessed()).resolves.toMatchObject({ size: 10 })
    const receipt = await open.ledger.proof(3)
    const report = await verifyReceiptUnder(receipt, await policyOf(), nodeCrypto)
    expect(report).toMatchObject({ ok: true, index: 3, size: 10 })
    expect(Object.keys(report.witnesses ?? {})).toEqual(['a.example.org', 'b.example.org'])
    await expect(
      verifyReceipt(receipt, open.ledger.verifierKey, nodeCrypto),
    ).resolves.toMatchObject({ ok: true })
    // An entry that is not witnessed yet still has a receipt.
    await expect(
      verifyReceipt(await open.ledger.proof(10), open.ledger.verifierKey, nodeCrypto),
    ).resolves.toMatchObject({ ok: true, index: 10 })
  })

  it('does not treat a checkpoint as witnessed without a majority', async () => {
    await fill(open.ledger, 10)
    const asks = await witnessing(submitTo(...all.slice(0, 1)))
    await asks.round()
    await expect(asks.witnessed()).resolves.toBeUndefined()
  })

  it("continues from each witness's position after a restart and with lost cursors", async () => {
    await fill(open.ledger, 10)
    await (await witnessing(submitTo(...all))).round()
    await open.state.transaction((tx) =>
      tx.deleteFrom('ledger_cursors').where('name', 'like', 'witness %').execute(),
    )
    await fill(open.ledger, 500)
    const asks = await witnessing(submitTo(...all))
    await asks.round()
    await expect(asks.witnessed()).resolves.toMatchObject({ size: 510 })
  })

  it('records one alarm when a witness is lost, and one when it returns', async () => {
    await fill(open.ledger, 3)
    let isBack = false
    const [a, b, c] = all
    const asks = await witnessing((url, body) =>
      submitTo(a!, b!, ...(isBack ? [c!] : []))(url, body),
    )
    for (let i = 0; i < 4; i++) await asks.round()
    isBack = true
    for (let i = 0; i < 4; i++) await asks.round()
    await expect(alarms()).resolves.toEqual([
      ['witness.lost', 'c.example.org'],
      ['witness.regained', 'c.example.org'],
    ])
  })

  it('records an alarm when a witness has seen a longer log, because an old database was restored', async () => {
    await fill(open.ledger, 50)
    await (await witnessing(submitTo(...all))).round()
    const before = open
    open = await openLedger(before.signingKey)
    await fill(open.ledger, 20)
    const asks = await witnessing(submitTo(...all))
    const result = await asks.round()
    expect([...(result ?? new Map()).values()]).toEqual(['disagrees', 'disagrees', 'disagrees'])
    expect((await alarms()).map(([type]) => type)).toEqual(Array(3).fill('witness.disagreed'))
    await expect(asks.witnessed()).resolves.toBeUndefined()
    await before.close()
  })

  it('accepts only a valid cosignature of this checkpoint by this witness', async () => {
    await fill(open.ledger, 3)
    const [a, b] = all
    for (const lie of [
      () => ({ status: 200, type: 'text/plain', body: '' }),
      () => ({ status: 200, type: 'text/plain', body: 'hello\n' }),
      async (body: string) => {
        const good = await b!.witness.addCheckpoint(body)
        return { ...good, body: good.body.replace('b.example.org', 'a.example.org') }
      },
      () => ({ status: 409, type: 'text/x.tlog.size', body: '-1\n' }),
      () => ({ status: 409, type: 'text/x.tlog.size', body: '2\n' }),
      () => ({ status: 500, type: 'text/html', body: '<html>' }),
    ]) {
      const asks = await createWitnessing({
        state: open.state,
        ledger: open.ledger,
        witnesses: [{ name: a!.name, key: a!.key, url: `https://${a!.name}` }],
        submit: async (_url, body) => lie(body),
        holder: 'one',
        now: Date.now,
      })
      const result = await asks.round()
      expect(result?.get('a.example.org')).not.toBe('cosigned')
      await expect(asks.witnessed()).resolves.toBeUndefined()
    }
  })
})

describe('a policy', () => {
  const key = (type: number, byte: number, name = 'n') => {
    const bytes = Buffer.concat([Buffer.of(type), Buffer.alloc(32, byte)])
    const id = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8)
    return `${name}+${id}+${bytes.toString('base64')}`
  }
  const witness = (byte: number) => key(4, byte)
  const parse = (...lines: string[]) => parsePolicy(`${lines.join('\n')}\n`, nodeCrypto)
  const six = [1, 2, 3, 4, 5, 6].map((i) => `witness w${i} ${witness(i)}`)
  const two = ['group x 2 w1 w2 w3', 'group y any w4 w5 w6', 'group both all x y', 'quorum both']

  it.each([
    [['w1', 'w2', 'w4'], true],
    [['w1', 'w2', 'w3'], false],
    [['w1', 'w4', 'w5', 'w6'], false],
    [['w2', 'w3', 'w6'], true],
    [[], false],
  ])('of two levels is met by %p: %p', async (names, isMet) => {
    const policy = await parse(
      `log ${key(1, 9)} https://log.example.org`,
      '  # comment',
      '',
      ...six,
      ...two,
    )
    if ('problem' in policy) throw new Error(policy.problem)
    expect(policy.isQuorum(new Set(names))).toBe(isMet)
    expect(policy.logs).toHaveLength(1)
  })

  it('may require no witness', async () => {
    const policy = await parse('quorum none')
    expect(!('problem' in policy) && policy.isQuorum(new Set())).toBe(true)
  })

  it.each([
    ['no quorum', [...six]],
    ['two quorums', [...six, 'quorum w1', 'quorum w2']],
    ['a quorum before its group', ['quorum x', ...six, 'group x any w1']],
    ['an unknown member', [...six, 'group x any w9', 'quorum x']],
    ['a member of two groups', [...six, 'group x any w1', 'group y any w1', 'quorum y']],
    ['a threshold beyond the members', [...six, 'group x 3 w1 w2', 'quorum x']],
    ['a threshold of zero', [...six, 'group x 0 w1 w2', 'quorum x']],
    ['an empty group', [...six, 'group x any', 'quorum x']],
    ['a name twice', [`witness a ${witness(1)}`, `witness a ${witness(2)}`, 'quorum a']],
    ['a key twice', [`witness a ${witness(1)}`, `witness b ${key(4, 1, 'other')}`, 'quorum a']],
    ['a log twice', [`log ${key(1, 1)}`, `log ${key(1, 1, 'm')}`, 'quorum none']],
    ["a log's key as a witness", [`witness a ${key(1, 1)}`, 'quorum a']],
    ["a witness's key as a log", [`log ${key(4, 1)}`, 'quorum none']],
    ['a word that is not known', ['trust me', 'quorum none']],
    ['a carriage return', ['quorum none\r']],
  ])('with %s is refused', async (_what, lines) => {
    await expect(parse(...lines)).resolves.toMatchObject({ problem: expect.any(String) })
  })
})
