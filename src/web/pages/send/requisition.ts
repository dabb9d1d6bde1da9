/** What the ordering provider wants to know: typed here, or copied from the order. */
import { requisitionAnswer } from '../../../protocol/http/intake.js'
import { REQUISITION_FIELDS } from '../../../protocol/words.js'
import type { RequisitionField } from '../../../protocol/words.js'
import type { Session } from '../session/session.js'
import type { LocalInstance, LocalStudy } from './local-files.js'

export type Written = Readonly<Partial<Record<RequisitionField, string>>>

/** Of the studies, one for each order: the gateway finds the study by these two. */
export function ordersOf(studies: readonly LocalStudy[]): readonly LocalInstance[] {
  const known = studies.flatMap(({ about }) => about ?? [])
  const orders = known.filter(({ accession, patientId }) => accession !== '' && patientId !== '')
  return [...new Map(orders.map((one) => [`${one.accession} ${one.patientId}`, one])).values()]
}

export const isWritten = (written: Written): boolean =>
  Object.values(written).some((text) => text.trim() !== '')

/** Fields that the facility requires and nobody has filled in. */
export const missingIn = (written: Written, { who }: Session): readonly RequisitionField[] =>
  REQUISITION_FIELDS.filter(
    (name) => who.requisition?.includes(name) === true && (written[name] ?? '').trim() === '',
  )

/**
 * Sent before the images: what the gateway does not accept of it is said before any of them is
 * sent, and it joins their case once they have arrived.
 *
 * @throws GatewayRefusal
 */
export async function sendRequisition(
  { gateway }: Session,
  orders: readonly LocalInstance[],
  written: Written,
): Promise<void> {
  const fields = REQUISITION_FIELDS.flatMap((name) => {
    const text = (written[name] ?? '').trim()
    return text === '' ? [] : [[name, text] as const]
  })
  for (const { accession, patientId, patientName } of orders)
    await gateway.post(requisitionAnswer, '/v1/requisitions', {
      ...{ accession, patientId, names: [patientName] },
      ...Object.fromEntries(fields),
    })
}
