import type { FinishedReport } from '../../src/results/index.js'

export const REPORT_ID = '019aa000-0000-7000-8000-0000000000aa'

export const finished = (more: Partial<FinishedReport['document']> = {}): FinishedReport => ({
  id: REPORT_ID,
  facility: 'facility-a',
  identity: {
    patientId: 'MRN|7&8',
    issuer: 'HOSPITAL-A',
    patientName: 'Müller^Jörg^K',
    birthDate: '19620417',
    sex: 'M',
    accession: 'ACC^123',
    study: '1.2.840.99999.1.2.3',
    studyDate: '20261129',
    studyTime: '235900',
    studyId: 'S1',
    description: 'CT HEAD W/O',
    referringPhysician: 'House^Gregory',
  },
  document: {
    v: 1,
    type: 'nocturne-report',
    gateway: 'gateway.example.org',
    case: '019aa000-0000-7000-8000-000000000001',
    code: 'K7Q-4MD',
    status: 'final',
    author: 'reader-1',
    authorName: 'Dr. Ada Night',
    signedAt: '2026-11-30T02:03:04.000Z',
    sections: {
      technique: 'Axial CT without contrast.',
      findings: 'No haemorrhage.\nNo fracture | mass \\ shift & ~.',
      impression: 'Normal head CT – no bleed.',
    },
    agreement: 'minor',
    studies: ['2.25.1'],
    modality: 'CT',
    attachments: [],
    ...more,
  },
})
