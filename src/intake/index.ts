/**
 * The room that decides what arriving instances belong to: which study, group and priority, and
 * when a study is whole.
 *
 * In:  the first kilobytes of an instance, and how long a study has been quiet.
 * Out: the signs of the instance; a keyed handle for its study; whether the study is to be closed.
 * Always true: nothing is closed that is still arriving, however the clock of the machine moves;
 *      what an instance says of itself stays in memory.
 * Trusts: nothing. A file that cannot be read belongs to no study, and is judged behind this room.
 */
export { peek } from './peek.js'
export type { InstanceSigns } from './peek.js'
export { dueIn } from './completeness.js'
export type { ArrivalClock, CompletenessRule } from './completeness.js'
export { ruleFor } from './rules.js'
export type { IntakeRule, RuledInstance } from './rules.js'
export { studyHandle } from './study.js'
