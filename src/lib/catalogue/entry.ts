/** What people read about a code: fixed texts, so that no error ever carries data. */
export interface Entry {
  /** HTTP status of answers with this code. */
  readonly status: number
  /** What happened: a fixed sentence without a final period. */
  readonly title: string
  /** What to do next. */
  readonly hint: string
  /** It concerns one item of an upload; the other items are processed as usual. */
  readonly concernsItemAlone: boolean
  /**
   * For an item that a gateway would hold: what to do where nothing is held, such as on the user's
   * own machine.
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

/** An item that is held and that its sender can correct. */
export const held = (status: number, title: string, correction: string): Entry => ({
  ...item(status, title, `${correction}; the original is held: see \`nocturne quarantine list\``),
  hintAlone: correction,
})

/**
 * An item that is held until a person has looked at it. `otherwise` is what the facility can change
 * in its configuration.
 */
export const heldForLook = (status: number, title: string, otherwise?: string): Entry => ({
  ...item(status, title, [LOOK, otherwise].filter((one) => one !== undefined).join('; or ')),
  hintAlone: otherwise ?? 'no output is written for this item',
})

export const LOOK = 'look at it with `nocturne quarantine view` and release it'
