/** Row types of what is said about cases. */
export type { NoteTable, NoteTables } from './notes.js'
