export const FINDINGS = ['nothing', 'explained', 'incident'] as const
/**
 * What an officer found when reviewing activity: nothing unusual, something unusual that was
 * explained, or an incident that is followed up elsewhere.
 */
export type Finding = (typeof FINDINGS)[number]
