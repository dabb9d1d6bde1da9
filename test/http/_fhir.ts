/**
 * A gateway's application in this process, on a ledger with many events, and a straightforward
 * implementation of FHIR search to compare with.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { openSite } from '../../src/cli/site/site.js'
import { besides } from '../_doors.js'
import { createApp } from '../../src/http/app.js'
import type { AuditEvent } from '../../src/ledger/records/index.js'
import type { EventInput, LedgerEntry } from '../../src/ledger/log/index.js'
import { openRooms } from '../../src/gateway/rooms.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { entries } from '../ledger/records/_entries.js'

export interface Opened {
  readonly rooms: Rooms
  readonly url: string
  readonly token: (principal: string) => string
  close(): Promise<void>
}

const HOUR_MS = 3_600_000
const ROLES = ['officer-1', 'reader-1', 'facility-a', 'operator-1'] as const

/** `count` events of every type, one hour apart from 1 January 2026 on. */
export async function openFhir(
  site: { readonly dir: string },
  parent: string,
  database: string,
  count: number,
): Promise<Opened> {
  const { config, secrets } = await openSite(site.dir)
  const path = await mkdtemp(join(parent, 'objects-'))
  // The site's keys are created today.
  let clock = Date.now()
  const rooms = await openRooms(
    {
      config: { ...config, database, store: { kind: 'files', path }, logLevel: 'silent' },
      secrets,
    },
    { now: () => clock },
  )
  clock = Date.UTC(2026, 0, 1)
  const tokens = new Map<string, string>()
  for (const role of ROLES) {
    const actor = { id: 'site', role: 'operator', method: 'site' } as const
    tokens.set(role, (await rooms.tokens.issue(role, { days: 366, actor })).token)
  }
  for (const entry of fc.sample(entries(), { seed: 5, numRuns: count })) {
    clock += HOUR_MS
    await rooms.ledger.note(eventOf(entry))
  }
  const beside = await besides(rooms)
  const app = createApp(rooms, () => 'https://gateway.example.org:8443', beside)
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  return {
    rooms,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`,
    token: (principal) => tokens.get(principal) ?? '',
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await beside.doors.close(0)
      await rooms.close()
    },
  }
}

/** The event as it was recorded, without what the ledger adds. */
function eventOf(entry: LedgerEntry): EventInput {
  const { type, outcome, actor } = entry
  const given = ['facility', 'group', 'transfer', 'item', 'patient', 'related', 'detail'] as const
  const rest = given.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]]))
  return { type, outcome, actor, ...(Object.fromEntries(rest) as Partial<EventInput>) }
}

const FACTS: Readonly<
  Record<string, (event: AuditEvent) => readonly (readonly [string, string])[]>
> = {
  _id: ({ id }) => [['', id]],
  type: ({ type }) => [[type.system, type.code]],
  subtype: ({ subtype }) => subtype.map(({ system, code }) => [system, code]),
  action: ({ action }) => [['http://hl7.org/fhir/audit-event-action', action]],
  outcome: ({ outcome }) => [
    ['http://terminology.hl7.org/CodeSystem/audit-event-outcome', outcome],
  ],
  'patient.identifier': ({ entity }) =>
    entity.flatMap(({ what }) =>
      what?.type === 'Patient' && what.identifier ? [pairOf(what.identifier)] : [],
    ),
  'agent.identifier': ({ agent }) =>
    agent.flatMap(({ who }) => (who?.identifier ? [pairOf(who.identifier)] : [])),
  altid: ({ agent }) => agent.flatMap(({ altId }) => (altId === undefined ? [] : [['', altId]])),
  'entity.identifier': ({ entity }) =>
    entity.flatMap(({ what }) => (what?.identifier ? [pairOf(what.identifier)] : [])),
  'entity-role': ({ entity }) => entity.map(({ role }) => [role.system, role.code]),
  'entity-type': ({ entity }) => entity.map(({ type }) => [type.system, type.code]),
  'source.identifier': ({ source }) =>
    source.observer.identifier ? [pairOf(source.observer.identifier)] : [],
  address: ({ agent }) => agent.flatMap(({ network }) => (network ? [['', network.address]] : [])),
}

const pairOf = ({ system, value }: { system: string; value: string }) => [system, value] as const

export const NAMES = Object.keys(FACTS)

/** Every value of this parameter in the events, both as a full token and as a code alone. */
export const valuesOf = (events: readonly AuditEvent[], name: string): string[] => [
  ...new Set(
    events.flatMap((event) =>
      (FACTS[name]?.(event) ?? []).flatMap(([system, code]) =>
        name === '_id' || name === 'altid' || name === 'address'
          ? [code]
          : [code, `${system}|${code}`],
      ),
    ),
  ),
]

/** Whether the event has one of these values, according to R4 section 3.1.1. */
export const matches = (event: AuditEvent, name: string, values: readonly string[]): boolean =>
  (FACTS[name]?.(event) ?? []).some(([system, code]) =>
    values.some((value) =>
      name === 'address'
        ? code.toLowerCase().startsWith(value.toLowerCase())
        : value === code || value === `${system}|${code}`,
    ),
  )
