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
  /**
   * Of an item that a gateway holds: what can be done where nothing is held, as on one's own
   * machine.
   */
  readonly hintAlone?: string
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

/** An item that is held, and that its sender can mend. */
export const held = (status: number, title: string, mend: string): Entry => ({
  ...item(status, title, `${mend}; the original is held: nocturne quarantine`),
  hintAlone: mend,
})

/** An item that is held for somebody to look at. `otherwise` is what the facility can set up. */
export const heldForLook = (status: number, title: string, otherwise?: string): Entry => ({
  ...item(status, title, [LOOK, otherwise].filter((one) => one !== undefined).join('; or ')),
  hintAlone: otherwise ?? 'nothing is written of it',
})

export const LOOK = 'look at it and release it: nocturne quarantine'
