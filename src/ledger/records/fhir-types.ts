/** The parts of FHIR R4 (4.0.1) that records use. */

export interface Coding {
  readonly system: string
  readonly code: string
  readonly display?: string
}

export interface Concept {
  readonly coding?: readonly Coding[]
  readonly text?: string
}

export interface Reference {
  readonly type?: string
  readonly identifier?: { readonly system: string; readonly value: string }
  readonly display?: string
}

export interface Agent {
  readonly type?: Concept
  readonly role?: readonly Concept[]
  readonly who?: Reference
  readonly altId?: string
  readonly requestor: boolean
  readonly policy?: readonly string[]
  readonly network?: { readonly address: string; readonly type: '1' | '2' | '5' }
}

export interface Entity {
  readonly what?: Reference
  readonly type: Coding
  readonly role: Coding
  readonly name?: string
  readonly description?: string
  readonly query?: string
  readonly detail?: readonly { readonly type: string; readonly valueString: string }[]
}

/** A FHIR R4 AuditEvent as made by `toAuditEvent`. */
export interface AuditEvent {
  readonly resourceType: 'AuditEvent'
  readonly id: string
  readonly meta?: { readonly profile: readonly string[] }
  readonly type: Coding
  readonly subtype: readonly Coding[]
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E'
  readonly recorded: string
  readonly outcome: '0' | '4' | '8' | '12'
  readonly outcomeDesc?: string
  readonly purposeOfEvent?: readonly Concept[]
  readonly agent: readonly Agent[]
  readonly source: { readonly observer: Reference; readonly type: readonly Coding[] }
  readonly entity: readonly Entity[]
}
