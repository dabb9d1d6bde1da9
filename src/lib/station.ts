/**
 * Types as stations. A value of `Station<'sealed', T>` can be made only by a type assertion (`as`),
 * which only the room that owns the name uses; the next room accepts nothing else. Storing
 * something that was not sealed, or sending bytes without the ledger's receipt, does not compile.
 */
declare const station: unique symbol

export type Station<Name extends string, T> = T & { readonly [station]: Name }
