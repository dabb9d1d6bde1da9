/**
 * Types as stations. A value of `Station<'sealed', T>` can be made only where the code says `as`,
 * and that is done only inside the room that owns the name; the next room accepts nothing else.
 * Storing something that was not sealed, or sending bytes without the ledger's receipt, does not
 * compile.
 */
declare const station: unique symbol

export type Station<Name extends string, T> = T & { readonly [station]: Name }
