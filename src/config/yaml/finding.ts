/** A mistake at a place of nocturne.yaml. */

/** A problem at a place of nocturne.yaml. */
export interface Finding {
  readonly at: readonly PropertyKey[]
  readonly problem: string
  readonly hint: string
}
