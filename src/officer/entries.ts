/** Reads fields of entries of the registers. */
import type { RegisterEntry } from '../compliance/index.js'

type Entry = Pick<RegisterEntry, 'data'>

export const textOf = ({ data }: Entry, field: string): string => {
  const value = data[field]
  return typeof value === 'string' ? value : ''
}

export const listOf = ({ data }: Entry, field: string): readonly string[] => {
  const value = data[field]
  return Array.isArray(value) ? (value as readonly string[]) : []
}

/** Milliseconds since 1970 of a date `YYYY-MM-DD`, at midnight UTC. */
export const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`)
