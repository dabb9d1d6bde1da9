import { useId } from 'react'

interface ChoiceProps<T extends string> {
  readonly label: string
  /** Undefined: nothing is selected yet, and the placeholder is shown. */
  readonly value: T | undefined
  readonly placeholder?: string
  readonly options: readonly (readonly [value: T, text: string])[]
  readonly onChange: (value: T) => void
}

/** One of a few, by the browser's own list: it works with every keyboard and screen reader. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { label, value, placeholder, options, onChange } = props
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value ?? ''}
        onChange={({ target }) => {
          const found = options.find(([one]) => one === target.value)
          if (found) onChange(found[0])
        }}
      >
        {value === undefined && <option value="">{placeholder ?? 'Select'}</option>}
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
