/** What a sender declares about a file. */

/** The declared type of a file, used only where the content does not contradict it. */
export interface Hints {
  /** Lower case `type/subtype` without parameters, or '' when nothing specific was declared. */
  readonly mediaType: string
  /** Extension of the file name: lower case, without the dot; '' when there is none. */
  readonly extension: string
  readonly saysDicom: boolean
}
