import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readFile, writeFile } from 'node:fs/promises'
import { decide } from '../../src/access/decide.js'
import { refusal, relationTo } from '../../src/access/index.js'
import { ACTIONS, RELATIONS } from '../../src/access/actions.js'
import type { Role } from '../../src/protocol/roles.js'
import { principal } from './_people.js'

const ROLES: readonly Role[] = ['sender', 'reader', 'officer', 'operator', 'recovery']
/** All that operators may do. */
const OPERATORS: ReadonlySet<string> = new Set([
  ...['gateway.metrics', 'member.confirm', 'member.invite', 'intake.list', 'intake.assign'],
  ...['site.read', 'token.revoke', 'duty.read', 'push.subscribe'],
])
const golden = new URL('decisions.txt', import.meta.url)

/**
 * Every case, one per line, for the reviewer of a change to the table. UPDATE_GOLDEN=1 rewrites the
 * file.
 */
const table = (): string => {
  const lines = ROLES.flatMap((role) =>
    ACTIONS.flatMap((action) =>
      RELATIONS.map((relation) => {
        const { allowed, visible, rule } = decide(role, action, relation)
        const answer = allowed ? 'yes' : visible ? 'no' : '404'
        return [role.padEnd(9), action.padEnd(21), relation.padEnd(13), answer.padEnd(4), rule]
          .join(' ')
          .trimEnd()
      }),
    ),
  )
  return `${lines.join('\n')}\n`
}

const anyRole = fc.constantFrom(...ROLES)
const anyAction = fc.constantFrom(...ACTIONS)
const anyRelation = fc.constantFrom(...RELATIONS)
const CONTENT = fc.constantFrom('manifest.read' as const, 'item.read' as const)

describe('decide', () => {
  it('decides every role, action and relation as in the committed table', async () => {
    if (process.env.UPDATE_GOLDEN) await writeFile(golden, table())
    expect(table()).toBe(await readFile(golden, 'utf8'))
  })

  it('shows whatever it allows', () => {
    fc.assert(
      fc.property(anyRole, anyAction, anyRelation, (role, action, relation) => {
        const { allowed, visible } = decide(role, action, relation)
        expect(allowed && !visible).toBe(false)
      }),
    )
  })

  it('lets nobody read content that is not sealed to them', () => {
    fc.assert(
      fc.property(anyRole, CONTENT, anyRelation, (role, action, relation) => {
        const { allowed } = decide(role, action, relation)
        const mayOpen = relation === 'sealed-to' || relation === 'claimant'
        expect(allowed).toBe(role === 'reader' && mayOpen)
      }),
    )
  })

  it('lets operators monitor the machine, confirm new readers and route what waits, and hides the rest from them', () => {
    for (const action of ACTIONS)
      for (const relation of RELATIONS) {
        const { allowed, visible } = decide('operator', action, relation)
        const isTheirs = OPERATORS.has(action)
        expect(allowed).toBe(isTheirs && relation === 'global')
        if (relation !== 'global') expect(visible).toBe(false)
      }
  })

  it('gives only officers access to the ledger, and lets them change no study or report', () => {
    const allowedTo = (role: Role) =>
      ACTIONS.filter((action) =>
        RELATIONS.some((relation) => decide(role, action, relation).allowed),
      )
    for (const role of ROLES)
      if (role !== 'officer')
        expect(allowedTo(role).filter((action) => action.startsWith('audit.'))).toEqual([])
    expect(allowedTo('officer').filter((action) => !action.startsWith('audit.'))).toEqual([
      'transfer.list',
      'member.confirm',
      'compliance.read',
      'compliance.write',
      'duty.read',
      'duty.swap',
      'push.subscribe',
      'handover.list',
      'report.list',
      'transfer.read',
      'case.reassign',
    ])
  })

  it('lets the recovery key grant access, but neither read nor list', () => {
    const allowed = ACTIONS.filter((action) =>
      RELATIONS.some((relation) => decide('recovery', action, relation).allowed),
    )
    expect(allowed).toEqual(['key.check', 'transfer.read', 'recipient.add', 'recipient.remove'])
    for (const action of ACTIONS)
      expect(decide('recovery', action, 'none')).toMatchObject({ allowed: false, visible: false })
  })

  it('answers for an inaccessible transfer as for a missing one, except to officers', () => {
    fc.assert(
      fc.property(
        anyAction,
        fc.constantFrom('sender' as const, 'reader' as const),
        (action, role) => {
          const decision = decide(role, action, 'none')
          expect(decision).toMatchObject({ allowed: false, visible: false })
          expect(refusal(decision).code).toBe('not_found')
        },
      ),
    )
  })

  it('grants nothing to an impossible relation', () => {
    fc.assert(
      fc.property(anyRole, anyAction, (role, action) => {
        const isGlobal = RELATIONS.slice(1).every(
          (relation) => !decide(role, action, relation).allowed,
        )
        expect(isGlobal || !decide(role, action, 'global').allowed).toBe(true)
      }),
    )
    expect(decide('officer', 'transfer.read', 'own-facility').allowed).toBe(false)
    expect(decide('sender', 'transfer.read', 'claimant').allowed).toBe(false)
  })

  it('tells a reader that lacks only the claim to claim first', () => {
    expect(refusal(decide('reader', 'transfer.release', 'sealed-to')).code).toBe('not_claimed')
    expect(refusal(decide('reader', 'transfer.release', 'own-group')).code).toBe(
      'not_sealed_to_you',
    )
    expect(refusal(decide('sender', 'item.read', 'own-facility')).code).toBe('forbidden')
  })
})

describe('relationTo', () => {
  const transfer = {
    facility: 'facility-a',
    group: 'nights',
    claimedBy: undefined,
    sealedTo: ['reader-1', 'recovery'],
  }

  it('relates senders by facility alone', () => {
    expect(relationTo(principal('sender', { facility: 'facility-a' }), transfer)).toBe(
      'own-facility',
    )
    expect(relationTo(principal('sender', { facility: 'facility-b' }), transfer)).toBe('none')
    expect(relationTo(principal('sender', { facility: undefined }), transfer)).toBe('none')
  })

  it('relates readers by group, then by certificate, then by claim', () => {
    const reader = principal('reader', { id: 'reader-1', groups: ['nights'] })
    const claimed = { ...transfer, claimedBy: 'reader-1' }
    expect(relationTo(reader, transfer)).toBe('sealed-to')
    expect(relationTo(reader, claimed)).toBe('claimant')
    expect(relationTo(reader, { ...claimed, claimedBy: 'reader-2' })).toBe('sealed-to')
    expect(relationTo({ ...reader, id: 'reader-3' }, transfer)).toBe('own-group')
    expect(relationTo({ ...reader, id: 'recovery', groups: [] }, transfer)).toBe('none')
  })

  it('gives no relation to a claimant who has left the group or is not a recipient', () => {
    const claimed = { ...transfer, claimedBy: 'reader-1' }
    const gone = principal('reader', { id: 'reader-1', groups: ['days'] })
    expect(relationTo(gone, claimed)).toBe('none')
    const there = principal('reader', { id: 'reader-1', groups: ['nights'] })
    expect(relationTo(there, { ...claimed, sealedTo: ['recovery'] })).toBe('own-group')
  })

  it('relates the recovery key to transfers sealed to it', () => {
    const recovery = principal('recovery', { id: 'recovery' })
    expect(relationTo(recovery, transfer)).toBe('sealed-to')
    expect(relationTo(recovery, { ...transfer, sealedTo: ['reader-1'] })).toBe('none')
  })

  it('relates nobody to a missing transfer, and officers and operators to none', () => {
    for (const role of ROLES)
      expect(
        relationTo(principal(role, { facility: 'facility-a', groups: ['nights'] }), undefined),
      ).toBe('none')
    for (const role of ['officer', 'operator'] as const)
      expect(
        relationTo(principal(role, { facility: 'facility-a', groups: ['nights'] }), transfer),
      ).toBe('none')
  })
})
