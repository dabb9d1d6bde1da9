/**
 * Asks a PACS by DICOMweb (PS3.18): QIDO-RS for what it has, WADO-RS for the studies, which come in
 * like those of a STOW-RS request. QIDO-RS puts the Patient ID into the address of a request to the
 * facility's own PACS; nothing of it is logged here.
 */
import { readFile } from 'node:fs/promises'
import { request as plainRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { NocturneError } from '../../lib/errors.js'
import type { FoundStudy } from '../../priors/index.js'
import { valuesOf } from '../stow/json-values.js'
import { partsOf, relatedType } from '../stow/multipart.js'
import type { BodyPart } from '../stow/multipart.js'
import { MOST_STUDIES } from './pacs.js'
import type { Pacs } from './pacs.js'

export interface WebAddress {
  readonly url: string
  readonly authorizationFile?: string
  readonly ca?: string
}

/** Stores what a request brought of one study; returns whether all of it was. */
export type StoreStudy = (parts: AsyncIterable<BodyPart>, study: string) => Promise<boolean>

/** Without an octet from the PACS. */
const IDLE_MS = 120_000
/** 2,000 studies take about a megabyte. */
const MAX_JSON = 8 << 20

export function webPacs(at: WebAddress, store: StoreStudy): Pacs {
  const list = async (path: string) => datasetsIn(await textOf(await get(at, path, JSON_TYPE)))
  return {
    studies: (patientId) =>
      answered(async () => {
        const query = new URLSearchParams({ PatientID: patientId, limit: String(MOST_STUDIES) })
        for (const tag of ['00080061', '00081030', '00100030']) query.append('includefield', tag)
        return (await list(`studies?${query.toString()}`)).map(studyIn)
      }),
    bodyParts: (study) =>
      answered(async () => {
        const series = await list(`studies/${study}/series?includefield=00180015`)
        return series.flatMap((one) => textsOf(one, '00180015'))
      }),
    retrieve: (study) =>
      answered(async () => {
        const answer = await get(at, `studies/${study}`, WHOLE_FILES)
        const related = relatedType(answer.headers['content-type'])
        if (!related) throw new NocturneError('priors_unavailable')
        return store(partsOf(answer, related.boundary), study)
      }),
  }
}

const JSON_TYPE = 'application/dicom+json'
const WHOLE_FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'

/** An answer that cannot be read is as good as none. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw new NocturneError('priors_unavailable', { cause })
  }
}

/** Follows no redirection: the answer must come from the address that the site names. */
async function get(at: WebAddress, path: string, accept: string): Promise<IncomingMessage> {
  const url = new URL(path, at.url)
  const authorization =
    at.authorizationFile === undefined ? undefined : await readFile(at.authorizationFile, 'utf8')
  const ca = at.ca === undefined ? undefined : await readFile(at.ca, 'utf8')
  const headers = { accept, ...(authorization && { authorization: authorization.trim() }) }
  const options = { headers, timeout: IDLE_MS, ...(ca && { ca }), minVersion: 'TLSv1.2' as const }
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest
    const request = send(url, options, (answer) => {
      const { statusCode = 0 } = answer
      if (statusCode >= 200 && statusCode < 300) resolve(answer)
      else request.destroy(new NocturneError('priors_unavailable'))
    })
    request.once('timeout', () => request.destroy(new NocturneError('priors_unavailable')))
    request.once('error', reject)
    request.end()
  })
}

async function textOf(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer) {
    size += chunk.length
    if (size > MAX_JSON) throw new NocturneError('priors_unavailable')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size).toString('utf8')
}

/** PS3.18 Annex F, as far as it is needed here. An empty answer (204) has no data sets. */
function datasetsIn(text: string): readonly object[] {
  const parsed: unknown = text.trim() === '' ? [] : JSON.parse(text)
  if (!Array.isArray(parsed)) throw new NocturneError('priors_unavailable')
  const all = parsed as readonly unknown[]
  return all.slice(0, MOST_STUDIES).filter((one) => typeof one === 'object' && one !== null)
}

const textsOf = (dataset: object, tag: string): readonly string[] =>
  valuesOf(dataset, tag).filter((one) => typeof one === 'string')

function studyIn(dataset: object): FoundStudy {
  const text = (tag: string) => (textsOf(dataset, tag)[0] ?? '').trim()
  return {
    studyInstanceUID: text('0020000D'),
    patientId: text('00100020'),
    birthDate: text('00100030'),
    date: text('00080020'),
    description: text('00081030'),
    modalities: textsOf(dataset, '00080061'),
    bodyParts: [],
  }
}
