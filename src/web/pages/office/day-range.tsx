import { Input, Label, TextField } from 'react-aria-components'
import { timeZone } from '../session/time-left.js'
import { endOfDay, startOfDay } from '../tables/times.js'
import type { Range } from './ledger.js'

/** Local days, both included; either may be empty. */
export interface Days {
  readonly first: string
  readonly last: string
}

export const rangeOf = ({ first, last }: Days): Range => ({
  from: startOfDay(first),
  until: endOfDay(last),
})

interface DayRangeProps {
  readonly days: Days
  readonly isRequired?: boolean
  readonly onChange: (days: Days) => void
}

export function DayRange({ days, isRequired = false, onChange }: DayRangeProps) {
  return (
    <>
      <TextField
        type="date"
        value={days.first}
        isRequired={isRequired}
        onChange={(first) => onChange({ ...days, first })}
      >
        <Label>First day ({timeZone()})</Label>
        <Input max={days.last || undefined} />
      </TextField>
      <TextField
        type="date"
        value={days.last}
        isRequired={isRequired}
        onChange={(last) => onChange({ ...days, last })}
      >
        <Label>Last day, included</Label>
        <Input min={days.first || undefined} />
      </TextField>
    </>
  )
}
