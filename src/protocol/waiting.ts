/** Studies that wait until a person names the group that reads them. */

/** Stands in place of a group while nobody has named one; no group can have this ID. */
export const NO_GROUP = '-'

/** Nothing names a group of the facility, or a rule holds the study for a person. */
export const WAITS = ['unmatched', 'hold'] as const
