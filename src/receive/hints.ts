/** What a sender says of a file. */

/** What the sender says a file is: believed only where the content does not speak against it. */
export interface Hints {
  /** Lower case `type/subtype` without parameters, or '' when nothing specific was declared. */
  readonly mediaType: string
  /** Of the file name: lower case, without the dot; '' when there is none. */
  readonly extension: string
  readonly saysDicom: boolean
}
