/** A statement that the worker composed, with its signature. */
export interface Signed {
  readonly statement: string
  readonly signature: string
}
