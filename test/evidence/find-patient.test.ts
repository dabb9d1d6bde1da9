import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  isHandledByTransfer,
  patientHandle,
  patientIdHandle,
} from '../../src/deidentify/identity/index.js'
import {
  occurringPatients,
  patientsByTransfer,
  patientsWithId,
} from '../../src/ledger/reviews/index.js'
import { findPatient } from '../../src/officer/patient-handles.js'
import type { PatientParts } from '../../src/officer/patient-handles.js'
import { openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'

const SECRET = Buffer.alloc(32, 7)
const facility = 'facility-a'

describe.each(['facility', 'transfer'] as const)('a patient ID, linked per %s', (links) => {
  let open: OpenLedger
  let parts: PatientParts
  const scope = (transfer: string) => (links === 'transfer' ? transfer : undefined)
  const handle = (patientId: string, issuer: string, transfer: string) =>
    patientHandle(SECRET, { patientId, issuer }, scope(transfer))
  const accept = async (transfer: string, patientId: string, issuer: string) => {
    const idHandle = patientIdHandle(SECRET, patientId, scope(transfer))
    await open.ledger.note({
      ...{ type: 'item.accepted', outcome: 0, facility, transfer, item: 1 },
      actor: { id: facility, role: 'sender' },
      patient: handle(patientId, issuer, transfer),
      detail: { kind: 'instance', ...(issuer !== '' && { idHandle }) },
    })
  }
  const find = (patientId: string, issuer: string) =>
    findPatient(parts, facility, { patientId, issuer })

  beforeAll(async () => {
    open = await openLedger()
    const { db } = open.state
    parts = {
      config: { facilities: [{ id: facility, profile: { links } }] } as never,
      secrets: { facilities: new Map([[facility, SECRET]]) },
      identity: { isHandledByTransfer, patientHandle, patientIdHandle },
      patients: {
        byTransfer: (of) => patientsByTransfer(db, of),
        withId: (of, handles) => patientsWithId(db, of, handles),
        occurring: (of, handles) => occurringPatients(db, of, handles),
      },
    }
    await accept('t1', '00451982', 'ST ELSEWHERE')
    await accept('t2', '00451982', 'COUNTY')
    await accept('t3', '00451982', '')
    await accept('t4', '77', 'COUNTY')
  })
  afterAll(async () => {
    await open.close()
  })

  const [first, second, third] = [
    () => handle('00451982', 'ST ELSEWHERE', 't1'),
    () => handle('00451982', 'COUNTY', 't2'),
    () => handle('00451982', '', 't3'),
  ]

  it('is found under every issuer, and without one, when no issuer is given', async () => {
    const { handles, others } = await find('00451982', '')
    expect(handles).toEqual(expect.arrayContaining([first(), second(), third()]))
    expect(handles).not.toContain(handle('77', 'COUNTY', 't4'))
    expect(others).toEqual([])
    expect((await find(' 00451982 ', '')).handles).toEqual(handles)
  })

  it('is found under the issuer that is given, and the others are told', async () => {
    const { handles, others } = await find('00451982', 'ST ELSEWHERE')
    expect(handles).toContain(first())
    expect(handles).not.toContain(second())
    expect(others.toSorted()).toEqual([second(), third()].toSorted())
    const unknown = await find('00451982', 'NOBODY')
    expect(unknown.others.toSorted()).toEqual([first(), second(), third()].toSorted())
    expect((await find('78', '')).others).toEqual([])
  })

  it('is found again after the index was rebuilt from the entries', async () => {
    await open.state.transaction((tx) =>
      tx.updateTable('events').set({ id_handle: null }).execute(),
    )
    const { reindex } = await import('../../src/ledger/log/reindex.js')
    expect((await reindex(open.state)).corrected).toBe(3)
    expect((await find('00451982', '')).handles).toContain(second())
  })
})
