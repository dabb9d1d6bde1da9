/** Sends a requisition from a file: an order in HL7 v2, a FHIR ServiceRequest, or fields. */
import type * as z from 'zod/mini'
import { requisitionAnswer } from '../../protocol/http/intake.js'
import type { Call, GatewayClient } from '../client.js'
import { jsonCall } from '../client.js'
import { usageError } from '../command-error.js'
import { parseAnswer } from '../parse-answer.js'

export type RequisitionAnswer = z.infer<typeof requisitionAnswer>

export const sendRequisition = async (
  client: GatewayClient,
  text: string,
): Promise<RequisitionAnswer> => parseAnswer(requisitionAnswer, await client.json(callFor(text)))

/** @throws CommandError `usage` when the file is none of the three */
function callFor(text: string): Call {
  const start = text.replace(/^[\uFEFF\v\s]+/, '')
  if (start.startsWith('MSH')) return hl7Call(start)
  const value = start.startsWith('{') ? jsonIn(start) : fieldsIn(start)
  if (!value) throw unreadable()
  return value.resourceType === 'ServiceRequest'
    ? jsonCall('/fhir/ServiceRequest', value)
    : jsonCall('/v1/requisitions', value)
}

function hl7Call(text: string): Call {
  const bytes = Buffer.from(text)
  return {
    method: 'POST',
    path: '/v1/requisitions',
    body: {
      contentType: 'application/hl7-v2',
      contentLength: bytes.length,
      writeTo: (request) => Promise.resolve(void request.write(bytes)),
    },
  }
}

function jsonIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

/** `reason: headache since Monday`; a line that begins with a space continues the one above. */
function fieldsIn(text: string): Readonly<Record<string, unknown>> | undefined {
  const fields: Record<string, string> = {}
  let last: string | undefined
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, name, value = ''] = /^([A-Za-z]+):\s*(.*)$/.exec(line) ?? []
    if (name !== undefined) fields[(last = name)] = value
    else if (/^\s+\S/.test(line) && last !== undefined)
      fields[last] = `${fields[last] ?? ''}\n${line.trim()}`
    else if (line.trim() !== '') return undefined
  }
  const { names, ...rest } = fields
  if (Object.keys(rest).length === 0) return undefined
  return {
    ...rest,
    ...(names !== undefined && { names: names.split(',').map((one) => one.trim()) }),
  }
}

const unreadable = () =>
  usageError(
    'the file is no requisition',
    'give an order in HL7 v2, a FHIR ServiceRequest, or lines such as `accession: A1`, `patientId: P1`, `reason: ...`',
  )
