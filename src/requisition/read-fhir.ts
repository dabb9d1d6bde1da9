/**
 * A FHIR R4 ServiceRequest as a requisition. References are not followed: what counts is inside.
 */
import * as z from 'zod/mini'
import type { Requisition } from './requisition.js'

const text = z.string().check(z.maxLength(20_000))
const few = <T extends z.ZodMiniType>(one: T) => z.optional(z.array(one).check(z.maxLength(50)))
const coding = z.looseObject({ code: z.optional(text), display: z.optional(text) })
const concept = z.looseObject({ text: z.optional(text), coding: few(coding) })
const identifier = z.looseObject({ value: z.optional(text), type: z.optional(concept) })
const name = z.looseObject({
  text: z.optional(text),
  family: z.optional(text),
  given: few(text),
})
const telecom = z.looseObject({ system: z.optional(text), value: z.optional(text) })
const contained = z.looseObject({
  resourceType: z.optional(text),
  identifier: few(identifier),
  telecom: few(telecom),
  name: z.optional(z.union([z.array(name).check(z.maxLength(50)), text])),
  birthDate: z.optional(text),
})

const serviceRequest = z.looseObject({
  resourceType: z.literal('ServiceRequest'),
  status: z.optional(text),
  identifier: few(identifier),
  subject: z.optional(
    z.looseObject({ identifier: z.optional(identifier), display: z.optional(text) }),
  ),
  code: z.optional(concept),
  reasonCode: few(concept),
  orderDetail: few(concept),
  note: few(z.looseObject({ text: z.optional(text) })),
  supportingInfo: few(z.looseObject({ display: z.optional(text) })),
  requester: z.optional(z.looseObject({ display: z.optional(text) })),
  contained: few(contained),
})

/** Returns undefined when it is none, or is one that is not active. */
export function readServiceRequest(value: unknown): Requisition | undefined {
  const parsed = serviceRequest.safeParse(value)
  if (!parsed.success || !['active', undefined].includes(parsed.data.status)) return undefined
  const request = parsed.data
  const all = request.contained ?? []
  const patients = all.filter(({ resourceType }) => resourceType === 'Patient')
  const asked = (request.orderDetail ?? []).flatMap(wordsOf)
  const isAbout = (about: RegExp) => asked.filter((one) => about.test(one)).join('; ')
  const contrast = isAbout(/contrast|kontrast/i)
  return {
    accessions: accessionsOf(request.identifier ?? []),
    patientIds: valuesOf([
      ...(request.subject?.identifier ? [request.subject.identifier] : []),
      ...patients.flatMap(({ identifier: ids }) => ids ?? []),
    ]),
    fields: {
      procedure: request.code ? wordsOf(request.code).join('; ') : '',
      reason: (request.reasonCode ?? []).flatMap(wordsOf).join('; '),
      question: isAbout(/\?|question/i),
      contrast,
      history: [
        ...(request.note ?? []).map((one) => one.text ?? ''),
        ...(request.supportingInfo ?? []).map(({ display }) => display ?? ''),
      ]
        .filter((one) => one !== '')
        .join('\n'),
      callback:
        all
          .filter(({ resourceType }) =>
            /^(Practitioner|PractitionerRole|Organization)$/.test(resourceType ?? ''),
          )
          .flatMap(({ telecom: ways }) => ways ?? [])
          .find(({ system }) => system === 'phone')?.value ?? '',
    },
    names: [
      ...(request.subject?.display === undefined ? [] : [request.subject.display]),
      ...patients.flatMap(namesOf),
    ],
  }
}

type Concept = z.infer<typeof concept>
type Identifier = z.infer<typeof identifier>

function wordsOf({ text: own, coding: codes }: Concept): readonly string[] {
  if (own !== undefined && own !== '') return [own]
  const shown = codes?.find(({ display }) => display !== undefined)?.display
  return shown === undefined ? [] : [shown]
}

/** HL7 table 0203: ACSN names an accession number; without one, every identifier may be it. */
function accessionsOf(all: readonly Identifier[]): readonly string[] {
  const named = all.filter(({ type }) => type?.coding?.some(({ code }) => code === 'ACSN') === true)
  return valuesOf(named.length > 0 ? named : all)
}

const valuesOf = (all: readonly Identifier[]): readonly string[] => [
  ...new Set(all.flatMap(({ value }) => (value === undefined || value === '' ? [] : [value]))),
]

const namesOf = ({
  name: names,
  identifier: ids,
  telecom: ways,
  birthDate,
}: z.infer<typeof contained>) => [
  ...(typeof names === 'string'
    ? [names]
    : (names ?? []).flatMap((one) => [one.text ?? '', one.family ?? '', ...(one.given ?? [])])),
  ...valuesOf(ids ?? []),
  ...(ways ?? []).map(({ value }) => value ?? ''),
  birthDate ?? '',
]
