/** What a code means to people: fixed texts, so that no error ever carries data. */
export interface Entry {
  /** HTTP status that this code answers with. */
  readonly status: number
  /** What happened, as a fixed sentence without a final period. */
  readonly title: string
  /** What to do next. */
  readonly hint: string
  /** It is about one item of an upload, and the others go on. */
  readonly concernsItemAlone: boolean
}

export const entry = (status: number, title: string, hint: string): Entry => ({
  status,
  title,
  hint,
  concernsItemAlone: false,
})

export const item = (status: number, title: string, hint: string): Entry => ({
  ...entry(status, title, hint),
  concernsItemAlone: true,
})
