import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newKey } from '../../src/seal/keys/index.js'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { claim, readerOf } from './_reader.js'
import { makeStudy } from './_study.js'

describe('claims', () => {
  let site: TestSite
  let gateway: RunningGateway
  let id: string

  beforeAll(async () => {
    site = await makeSite()
    const files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
    gateway = await site.start()
    id = (await upload(site, gateway, files)).body.id
  }, 60_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  it('are won by exactly one of twenty concurrent requests', async () => {
    const reader = await readerOf(site)
    const answers = await Promise.all(Array.from({ length: 20 }, () => claim(gateway, reader, id)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(
      answers.filter(({ status, body }) => status === 409 && body.code === 'already_claimed'),
    ).toHaveLength(19)
  })

  it('can be released and taken again', async () => {
    const token = await site.token('reader-1')
    expect((await call(gateway, 'POST', `/v1/transfers/${id}/release`, { token })).status).toBe(200)
    expect((await call(gateway, 'POST', `/v1/transfers/${id}/release`, { token })).body.code).toBe(
      'not_claimed',
    )
    expect((await claim(gateway, await readerOf(site), id)).status).toBe(200)
  })

  it('need the proof of a key that opens the case; a claim without it blocks nobody', async () => {
    const reader = await readerOf(site)
    const token = reader.token
    await call(gateway, 'POST', `/v1/transfers/${id}/release`, { token })
    const asked = await call(gateway, 'POST', `/v1/cases/${id}/claim`, { token })
    expect([asked.status, asked.body.code]).toEqual([428, 'claim_unproven'])
    const { nonce } = asked.body.challenge as { nonce: string }
    for (const proof of [{ answer: '0'.repeat(64) }, { signature: `${'A'.repeat(86)}==` }]) {
      const json = { nonce, ...proof }
      const answer = await call(gateway, 'POST', `/v1/cases/${id}/claim`, { token, json })
      expect([answer.status, answer.body.code]).toEqual([428, 'claim_unproven'])
    }
    const wrongKey = join(site.dir, '../wrong.asc')
    const made = await newKey({ name: 'reader-1' })
    await writeFile(wrongKey, made.privateKey, { mode: 0o600 })
    const words = ['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')]
    const out = ['--out', join(site.dir, '../wrong')]
    expect((await nocturne('pull', '--all', ...words, '--key', wrongKey, ...out)).status).toBe(1)
    const view = await call(gateway, 'GET', `/v1/cases/${id}`, { token })
    expect(view.body).toMatchObject({ state: 'waiting' })
    const key = ['--key', site.keyFile('reader-1')]
    const code = view.body.code.toLowerCase()
    expect(await nocturne('claim', code, ...words, ...key)).toMatchObject({ status: 0 })
    const shown = await nocturne('case', 'show', code, ...words)
    expect(shown.stdout).toContain('held by reader-1 until ')
  }, 60_000)

  it('are not made by HEAD requests, nor is anything fetched', async () => {
    const token = await site.token('reader-1')
    const answer = await call(gateway, 'HEAD', `/v1/transfers/${id}/items/1`, { token })
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f-]+"$/)
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100)
    expect(answer.headers.get('nocturne-event')).toBeNull()
    const events = await call(
      gateway,
      'GET',
      `/v1/audit/events?transfer=${id}&type=download.begun`,
      {
        token: await site.token('officer-1'),
      },
    )
    // The proofs of the claims above used the manifest, item 0.
    const { events: begun } = events.body as unknown as {
      readonly events: readonly { readonly entry: { readonly item: number } }[]
    }
    expect(begun.filter(({ entry }) => entry.item !== 0)).toEqual([])
  })

  it('are for readers only, and reveal nothing to others', async () => {
    const officer = await call(gateway, 'POST', `/v1/transfers/${id}/claim`, {
      token: await site.token('officer-1'),
    })
    expect([officer.status, officer.body.code]).toEqual([403, 'forbidden'])
    const operator = await call(gateway, 'POST', `/v1/transfers/${id}/claim`, {
      token: await site.token('operator-1'),
    })
    const missing = await call(
      gateway,
      'POST',
      '/v1/transfers/019aa000-0000-7000-8000-000000000000/claim',
      {
        token: await site.token('operator-1'),
      },
    )
    expect([operator.status, operator.body.code]).toEqual([404, 'not_found'])
    expect([missing.status, missing.body.code]).toEqual([404, 'not_found'])
  })
})
