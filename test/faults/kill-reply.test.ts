/**
 * The gateway is killed at random moments while reports are sent and acknowledged, and while
 * critical results are raised and answered. Clients repeat each request, octet by octet, until it
 * is answered. In the end, everything is there once.
 *
 * NOCTURNE_TEST_SEED reproduces the choices of a run, NOCTURNE_TEST_KILLS sets the number of kills.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { sealSigned } from '../../src/cli/reader/seal-back.js'
import { commitmentOf, proofOfWords } from '../../src/critical/index.js'
import {
  writeCriticalStatement,
  writePhoneCall,
  writeReadBackStatement,
} from '../../src/protocol/critical.js'
import { writeReportAcknowledgement, writeReportStatement } from '../../src/protocol/report.js'
import { signDetached, toRecipient } from '../../src/seal/keys/index.js'
import type { Recipient } from '../../src/seal/keys/index.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { readerOf, sha256 } from '../whole-way/_reader.js'
import type { Reader } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { KilledGateway } from './_killed.js'
import { chance } from './_load.js'

const SEED = Number(process.env.NOCTURNE_TEST_SEED) || Date.now() % 1_000_000
const KILLS = Number(process.env.NOCTURNE_TEST_KILLS ?? 8)

const MOST_ROUND_MS = 900

let site: TestSite
const killed = new KilledGateway()
let reader: Reader
let facility: Reader
let recipients: readonly Recipient[]
let gateway = ''
let caseId = ''
const random = chance(SEED)
const done = { reports: 0, acknowledged: 0, raised: 0, answered: 0 }

beforeAll(async () => {
  site = await makeSite()
  const running = (killed.running = await site.start())
  reader = await readerOf(site)
  facility = await readerOf(site, 'facility-a')
  const files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
  const { id } = (await upload(site, running, files)).body
  const found = await call(running, 'GET', `/v1/cases/${id}/report-recipients`, {
    token: reader.token,
  })
  const answer = found.body as unknown as {
    case: string
    gateway: string
    recipients: { id: string; certificate: string }[]
  }
  caseId = answer.case
  gateway = answer.gateway
  recipients = await Promise.all(
    answer.recipients.map((one) => toRecipient(one.id, one.certificate, new Date())),
  )
}, 60_000)

afterAll(async () => {
  await killed.stop('SIGKILL')
  await site.remove()
})

const seal = (by: Reader) => sealSigned(randomBytes(300), by.key, recipients)
const signed = async (statement: string, by: Reader) => ({
  statement,
  signature: await signDetached(statement, by.key, new Date()),
})
const now = () => new Date().toISOString()

async function reportOnce(): Promise<void> {
  const message = await seal(reader)
  const statement = writeReportStatement({
    ...{ gateway, case: caseId, status: 'preliminary', author: reader.id },
    ...{ sha256: sha256(message), signedAt: now() },
  })
  const body = { ...(await signed(statement, reader)), message: message.toString('base64') }
  const sent = await killed.insist(`/v1/cases/${caseId}/reports`, reader.token, body)
  done.reports += 1
  const { id: report, sha256: digest } = sent.report as { id: string; sha256: string }
  const acknowledgement = writeReportAcknowledgement({
    ...{ gateway, report, facility: facility.id, sha256: digest, openedAt: now() },
  })
  const acknowledged = await signed(acknowledgement, facility)
  await killed.insist(`/v1/reports/${report}/acknowledge`, facility.token, acknowledged)
  done.acknowledged += 1
}

async function criticalOnce(): Promise<void> {
  const message = await seal(reader)
  const salt = randomBytes(32).toString('hex')
  const proof = await proofOfWords(salt, 'tension pneumothorax')
  const statement = writeCriticalStatement({
    ...{ gateway, case: caseId, level: 'minutes', author: reader.id, signedAt: now() },
    ...{ sha256: sha256(message), commitment: await commitmentOf(proof) },
  })
  const body = { ...(await signed(statement, reader)), message: message.toString('base64') }
  const raised = await killed.insist(`/v1/cases/${caseId}/critical`, reader.token, body)
  done.raised += 1
  const { id: critical } = raised.critical as { id: string }
  if (random() < 0.5) {
    const typed = await seal(facility)
    const readBack = writeReadBackStatement({
      ...{ gateway, critical, facility: facility.id, role: 'nurse', signedAt: now() },
      sha256: sha256(typed),
    })
    const json = {
      ...(await signed(readBack, facility)),
      ...{ message: typed.toString('base64'), proof },
    }
    await killed.insist(`/v1/critical/${critical}/readback`, facility.token, json)
  } else {
    const phone = writePhoneCall({
      ...{ gateway, critical, reader: reader.id, role: 'resident', readBack: true },
      ...{ calledAt: now(), signedAt: now() },
    })
    await killed.insist(`/v1/critical/${critical}/phone`, reader.token, await signed(phone, reader))
  }
  done.answered += 1
}

describe(`a gateway that is killed ${KILLS} times (seed ${SEED})`, () => {
  it('has every report, acknowledgement, critical result and answer once', async () => {
    await killed.killOften(site, [reportOnce, reportOnce, criticalOnce, criticalOnce], {
      ...{ kills: KILLS, mostRoundMs: MOST_ROUND_MS, random },
      steps: () => done.reports + done.raised,
    })
    await killed.stop()
    const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
    const count = (sql: string): unknown => db.prepare(`select count(*) from ${sql}`).pluck().get()
    const events = (type: string): unknown => count(`events where type = '${type}'`)
    expect(done.reports + done.raised).toBeGreaterThanOrEqual(KILLS)
    expect({
      rows: count('case_reports'),
      sent: events('report.sent'),
      acknowledged: count('case_reports where acknowledged_at is not null'),
      told: events('report.acknowledged'),
    }).toEqual({
      ...{ rows: done.reports, sent: done.reports },
      ...{ acknowledged: done.acknowledged, told: done.acknowledged },
    })
    expect({
      rows: count('critical_results'),
      raised: events('critical.raised'),
      closed: count("critical_results where state = 'closed'"),
      answers: count('critical_answers'),
      told: Number(events('critical.readback')) + Number(events('critical.phoned')),
      escalations: count('escalations where critical is not null'),
      running: count('escalations where critical is not null and stopped_at is null'),
    }).toEqual({
      ...{ rows: done.raised, raised: done.raised, escalations: done.raised, running: 0 },
      ...{ closed: done.answered, answers: done.answered, told: done.answered },
    })
    const ids = db.prepare('select id from case_reports').pluck().all() as string[]
    db.close()
    const stored = await readdir(join(site.dir, 'data/objects/reports'), { recursive: true })
    for (const id of ids) expect(stored.some((name) => name.includes(id))).toBe(true)
  }, 600_000)
})
