/**
 * Whose documents are. A document (a requisition, a worksheet, a prior report) names no patient,
 * but it is disclosed with a study: an accounting that left it out would be incomplete.
 */
import { inSlices } from '../lib/pace.js'
import type { Ledger } from '../ledger/log/index.js'
import type { ItemEvidence, TransferEvidence } from './evidence.js'
import { rowsOf, textOf } from './rows.js'

/**
 * Gives each document the patient of the instances in its transfer; in a transfer without
 * instances, the patient of its case, for example when the requisition was sent first or later.
 */
export async function attributeDocuments(
  ledger: Ledger,
  end: number,
  facility: string,
  transfers: readonly TransferEvidence[],
): Promise<readonly TransferEvidence[]> {
  const isOrphan = ({ items, case: id }: TransferEvidence) =>
    id !== undefined && items.length > 0 && namedIn(items).size === 0
  const ofCases = transfers.some(isOrphan)
    ? await patientsOfCases(ledger, end, facility)
    : new Map<string, ReadonlySet<string>>()
  const attributed: TransferEvidence[] = []
  for await (const transfer of inSlices(transfers)) {
    const own = namedIn(transfer.items)
    const named = own.size > 0 ? own : (ofCases.get(transfer.case ?? '') ?? own)
    const [only] = named.size === 1 ? named : []
    const several = named.size > 1 ? [...named] : []
    attributed.push({
      ...transfer,
      items: transfer.items.map((item): ItemEvidence => ({
        ...item,
        patient: item.patient ?? only,
        mayConcern: item.patient === undefined ? several : [],
      })),
    })
  }
  return attributed
}

const namedIn = (items: readonly ItemEvidence[]): ReadonlySet<string> =>
  new Set(items.flatMap(({ patient }) => (patient === undefined ? [] : [patient])))

/** The patients that a case's transfers name, by case. */
async function patientsOfCases(
  ledger: Ledger,
  end: number,
  facility: string,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const caseOf = new Map<string, string>()
  const patientOf = new Map<string, string>()
  const types = ['case.opened', 'case.joined', 'transfer.available'] as const
  for await (const { entry } of rowsOf(ledger, { facility, types, end })) {
    const { transfer, patient, detail } = entry
    if (transfer === undefined) continue
    const id = textOf(detail?.case)
    if (id !== undefined) caseOf.set(transfer, id)
    if (patient !== undefined && entry.type === 'transfer.available')
      patientOf.set(transfer, patient)
  }
  const found = new Map<string, Set<string>>()
  for (const [transfer, patient] of patientOf) {
    const id = caseOf.get(transfer)
    if (id !== undefined) found.set(id, (found.get(id) ?? new Set()).add(patient))
  }
  return found
}
