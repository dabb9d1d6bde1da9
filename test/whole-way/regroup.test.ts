/** Cases are split, joined and rerouted by command. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { issueToken, makeReader, setReaders } from './_people.js'
import { makeStudy } from './_study.js'

interface Shown {
  readonly id: string
  readonly code: string
  readonly state: string
  readonly closedFor?: string
  readonly group: string
  readonly priority: string
  readonly transfers: readonly { readonly id: string }[]
}

let site: TestSite
let gateway: RunningGateway
const at = (name: string): string => join(site.dir, '..', name)

const as = async (principal: string, ...words: readonly string[]) => {
  const access = ['--gateway', gateway.url, '--token-file', site.tokenFile(principal), '--json']
  const { status, stdout } = await nocturne(...words, ...access)
  return { status, answer: JSON.parse(stdout) as Record<string, unknown> }
}
const show = async (name: string): Promise<Shown> =>
  (await as('facility-a', 'case', 'show', name)).answer as unknown as Shown
const send = async (...words: readonly string[]): Promise<string> => {
  const { status, answer } = await as('facility-a', 'send', ...words, '--group', 'nights')
  expect(status).toBe(0)
  return String(answer.id)
}

beforeAll(async () => {
  site = await makeSite()
  await makeReader(site, 'reader-2')
  await setReaders(site, 'reader-1')
  await site.configure((yaml) =>
    yaml
      .replace('groups: [nights] }', 'groups: [nights, neuro] }')
      .replace(
        /^( +)- \{ id: nights,.*$/m,
        (line, indent: string) =>
          `${line}\n${indent}- { id: neuro, timezone: Europe/Berlin, readers: [reader-2] }`,
      ),
  )
  await issueToken(site, 'reader-2')
  gateway = await site.start()
  await makeStudy(at('head'), '--instances', '2', '--size', '64')
  await writeFile(at('note.txt'), 'Allergic to contrast medium.')
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

describe('a case', () => {
  it('is split into two with codes of their own, and joined again', async () => {
    const first = await send(at('head'), '--priority', 'stat')
    const { code } = await show(first)
    const second = await send(at('note.txt'), '--case', code)
    expect((await show(code)).transfers.map(({ id }) => id)).toEqual([first, second])

    const split = await as('reader-1', 'case', 'split', code, '--transfer', second)
    expect(split.status).toBe(0)
    const made = split.answer.case as Shown
    expect(made).toMatchObject({ state: 'waiting', priority: 'stat', transfers: [{ id: second }] })
    expect((await show(code)).transfers).toHaveLength(1)

    expect(await as('reader-1', 'case', 'join', code, '--with', made.code)).toMatchObject({
      status: 0,
    })
    expect((await show(code)).transfers.map(({ id }) => id).sort()).toEqual([first, second].sort())
    expect(await show(made.id)).toMatchObject({ state: 'closed', closedFor: 'joined' })
    const again = await as('reader-1', 'case', 'join', code, '--with', made.code)
    // It has no transfers any more, so that readers no longer see it.
    expect(again).toMatchObject({ status: 1, answer: { error: { code: 'not_sealed_to_you' } } })
  }, 60_000)

  it('goes to another group, whose readers can open it, and is withdrawn from the first', async () => {
    const { code, transfers } = await show(await send(at('head'), '--again'))
    const words = ['reroute', code, at('head'), '--group', 'neuro']
    const { status, answer } = await as('facility-a', ...words)
    expect([status, answer.withdrawn]).toEqual([0, true])
    expect(await show(code)).toMatchObject({ state: 'recalled', closedFor: 'rerouted', transfers })
    const sent = answer.sent as { id: string }
    expect(await show(sent.id)).toMatchObject({ state: 'waiting', group: 'neuro' })
    const pull = ['pull', sent.id, '--key', site.keyFile('reader-2'), '--out', at('reading')]
    expect((await as('reader-2', ...pull)).status).toBe(0)
    const old = ['pull', transfers[0]?.id ?? '', '--key', site.keyFile('reader-1')]
    expect((await as('reader-1', ...old, '--out', at('reading'))).status).not.toBe(0)
  }, 60_000)

  it('stays where it is when the other group does not get all of it', async () => {
    const { code } = await show(await send(at('head'), at('note.txt'), '--again'))
    const { status, answer } = await as(
      'facility-a',
      'reroute',
      code,
      at('note.txt'),
      '--group',
      'neuro',
    )
    expect([status, answer.code ?? answer.withdrawn]).toEqual([3, false])
    expect(await show(code)).toMatchObject({ state: 'waiting', group: 'nights' })
  }, 60_000)
})
