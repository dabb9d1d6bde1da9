/**
 * The room that decides where arriving instances belong: to which study, group and priority, and
 * when a study is complete.
 *
 * In:  the first kilobytes of an instance, and how long a study has been quiet.
 * Out: the signs of the instance, a keyed handle for its study, and whether to close the study.
 * Always true: a study is not closed while instances are arriving, even if the machine's clock is
 *      changed; what an instance says about itself stays in memory.
 * Trusts: nothing. A file that cannot be read belongs to no study, and is judged after this room.
 */
export { peek } from './peek.js'
export type { InstanceSigns } from './peek.js'
export { Announced } from './announced.js'
export { dueIn } from './completeness.js'
export type { ArrivalClock, CompletenessRule } from './completeness.js'
export { createRules } from './rules.js'
export type { CheckRules, IntakeRule, RuleCheck, RuledInstance } from './rules.js'
export { routing } from './route.js'
export type { Waits } from './route.js'
export { studyHandle } from './study.js'
