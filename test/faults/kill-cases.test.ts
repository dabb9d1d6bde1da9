/**
 * The gateway is killed at random moments while cases are split, joined and rerouted, and while
 * notes and feedback are written. Clients repeat each request until it is answered. In the end
 * every transfer is in one case, and every note and every feedback is there once.
 *
 * NOCTURNE_TEST_SEED reproduces the choices of a run, NOCTURNE_TEST_KILLS sets the number of kills.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { sealSigned } from '../../src/cli/reader/seal-back.js'
import { writeReportStatement } from '../../src/protocol/report.js'
import { signDetached, toRecipient } from '../../src/seal/keys/index.js'
import type { Recipient } from '../../src/seal/keys/index.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { issueToken, makeReader, setReaders } from '../whole-way/_people.js'
import { readerOf, sha256 } from '../whole-way/_reader.js'
import type { Reader } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { KilledGateway } from './_killed.js'
import { chance } from './_load.js'

const SEED = Number(process.env.NOCTURNE_TEST_SEED) || Date.now() % 1_000_000
const KILLS = Number(process.env.NOCTURNE_TEST_KILLS ?? 3)
const REROUTED = 6

const MOST_ROUND_MS = 700

let site: TestSite
const killed = new KilledGateway()
let reader: Reader
let facility: Reader
let recipients: readonly Recipient[]
const random = chance(SEED)
const done = { notes: 0, feedback: 0, splits: 0, joins: 0, reroutes: 0 }

interface CaseBody {
  readonly id: string
  readonly state: string
  readonly closedFor?: string
  readonly transfers: readonly { readonly id: string }[]
}
/** A case with two transfers, which is split and joined again and again. */
let pair: { readonly id: string; readonly transfers: readonly string[] }
let report = ''
/** Cases of the first group, each with the same study as a case of the other group. */
const twins: { readonly from: string; readonly to: string }[] = []

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
  killed.running = await site.start()
  reader = await readerOf(site)
  facility = await readerOf(site, 'facility-a')
  const files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
  const first = await sendStudy(files, {})
  const second = await sendStudy(files, { case: first.case })
  pair = { id: first.case, transfers: [first.transfer, second.transfer] }
  for (let at = 0; at < REROUTED; at++) {
    const from = await sendStudy(files, {})
    const to = await sendStudy(files, { group: 'neuro' })
    twins.push({ from: from.case, to: to.case })
  }
  await sendReport((await sendStudy(files, {})).case)
}, 120_000)

afterAll(async () => {
  await killed.stop('SIGKILL')
  await site.remove()
})

async function sendStudy(files: readonly string[], fields: Readonly<Record<string, string>>) {
  const { running } = killed
  if (!running) throw new Error('no gateway')
  const { id } = (await upload(site, running, files, fields)).body
  const { body } = await call(running, 'GET', `/v1/cases/${id}`, { token: facility.token })
  return { transfer: id, case: body.id }
}

/** A preliminary report, on which feedback can be given. */
async function sendReport(id: string): Promise<void> {
  const { running } = killed
  if (!running) throw new Error('no gateway')
  const found = await call(running, 'GET', `/v1/cases/${id}/report-recipients`, {
    token: reader.token,
  })
  const answer = found.body as unknown as {
    gateway: string
    recipients: { id: string; certificate: string }[]
  }
  recipients = await Promise.all(
    answer.recipients.map((one) => toRecipient(one.id, one.certificate, new Date())),
  )
  const message = await seal(reader)
  const statement = writeReportStatement({
    ...{ gateway: answer.gateway, case: id, status: 'preliminary', author: reader.id },
    ...{ sha256: sha256(message), signedAt: new Date().toISOString() },
  })
  const sent = await call(running, 'POST', `/v1/cases/${id}/reports`, {
    token: reader.token,
    json: {
      statement,
      signature: await signDetached(statement, reader.key, new Date()),
      message: message.toString('base64'),
    },
  })
  report = (sent.body.report as { id: string }).id
}

const seal = (by: Reader) => sealSigned(randomBytes(300), by.key, recipients)

async function noteOnce(): Promise<void> {
  // Notes of a case are limited to a hundred.
  if (done.notes >= 90) return delay(50).then(() => undefined)
  const by = random() < 0.5 ? facility : reader
  const message = (await seal(by)).toString('base64')
  await killed.insist(`/v1/cases/${pair.id}/notes`, by.token, { message })
  done.notes += 1
}

async function feedbackOnce(): Promise<void> {
  const message = (await seal(facility)).toString('base64')
  await killed.insist(`/v1/reports/${report}/feedback`, facility.token, { message })
  done.feedback += 1
}

/** Splits the second transfer off, and joins it again. */
async function regroupOnce(): Promise<void> {
  const [, second = ''] = pair.transfers
  const transfers = [second]
  await killed.insist(`/v1/cases/${pair.id}/split`, reader.token, { transfers }, ['case_mismatch'])
  done.splits += 1
  const gone = ['not_sealed_to_you', 'case_mismatch', 'case_state']
  await killed.insist(`/v1/cases/${pair.id}/join`, reader.token, { with: second }, gone)
  done.joins += 1
}

async function rerouteOnce(): Promise<void> {
  const twin = twins[done.reroutes]
  if (!twin) return delay(50).then(() => undefined)
  await delay(random() * 400)
  await killed.insist(`/v1/cases/${twin.from}/reroute`, facility.token, { to: twin.to }, [
    'case_state',
  ])
  done.reroutes += 1
}

describe(`a gateway that is killed ${KILLS} times (seed ${SEED})`, () => {
  it('has every transfer in one case, and every note, feedback and change once', async () => {
    await killed.killOften(site, [noteOnce, feedbackOnce, regroupOnce, rerouteOnce], {
      ...{ kills: KILLS, mostRoundMs: MOST_ROUND_MS, random },
      steps: () => done.feedback + done.joins,
    })
    for (const { from } of twins.slice(0, done.reroutes))
      expect(await show(from)).toMatchObject({ state: 'recalled', closedFor: 'rerouted' })
    const whole = await show(pair.id)
    expect(whole.transfers.map(({ id }) => id).sort()).toEqual(pair.transfers.toSorted())
    await killed.stop()
    const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
    const count = (sql: string): unknown => db.prepare(`select count(*) from ${sql}`).pluck().get()
    const events = (type: string, more = ''): unknown =>
      count(`events where type = '${type}'${more}`)
    expect(done.joins).toBeGreaterThan(0)
    expect({
      notes: count('case_notes'),
      noted: events('note.added'),
      feedback: count('report_feedback'),
      given: events('feedback.given'),
      rerouted: count("cases where state = 'recalled'"),
      withdrawn: events('case.recalled'),
      // Each split opens a case, which the join closes.
      split: count("cases where closed_for = 'joined'"),
      closed: events('case.closed'),
      strays: count('case_transfers where case_id not in (select id from cases)'),
      twice: count('(select transfer from case_transfers group by transfer having count(*) > 1)'),
      escalating: count(
        'escalations join cases on cases.id = case_id where stopped_at is null and closed_at is not null',
      ),
    }).toEqual({
      ...{ notes: done.notes, noted: done.notes },
      ...{ feedback: done.feedback, given: done.feedback },
      ...{ rerouted: done.reroutes, withdrawn: done.reroutes },
      ...{ split: done.splits, closed: done.joins, strays: 0, twice: 0, escalating: 0 },
    })
    db.close()
  }, 600_000)
})

async function show(id: string): Promise<CaseBody> {
  const { running } = killed
  if (!running) throw new Error('no gateway')
  const { body } = await call(running, 'GET', `/v1/cases/${id}`, { token: facility.token })
  return body as unknown as CaseBody
}
