/** How soon a study must be read. */
export const PRIORITIES = ['routine', 'urgent', 'stat'] as const
export type Priority = (typeof PRIORITIES)[number]
