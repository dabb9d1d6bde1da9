/** An error at a place in nocturne.yaml. */

/** A problem at a place in nocturne.yaml. */
export interface Finding {
  readonly at: readonly PropertyKey[]
  readonly problem: string
  readonly hint: string
}
