/** Our own types of event as a FHIR CodeSystem, which gives the display text for a `subtype`. */
import { namespaces } from './codes.js'
import { SHAPES } from './shapes.js'

export const eventTypeSystem = (gateway: string) => ({
  resourceType: 'CodeSystem' as const,
  id: 'event-type',
  url: namespaces(gateway).eventType,
  name: 'NocturneEventType',
  title: 'Kinds of event in the ledger of Nocturne',
  status: 'active' as const,
  caseSensitive: true,
  content: 'complete' as const,
  concept: Object.entries(SHAPES).map(([code, { title }]) => ({ code, display: title })),
})
