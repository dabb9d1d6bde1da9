import { Input, Label, Text, TextField } from 'react-aria-components'

interface FieldProps {
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly isRequired?: boolean
  readonly onChange: (value: string) => void
}

export const Field = ({ label, hint, value, isRequired = false, onChange }: FieldProps) => (
  <TextField value={value} isRequired={isRequired} onChange={onChange} autoComplete="off">
    <Label>{label}</Label>
    <Input spellCheck="false" autoCapitalize="none" />
    {hint !== undefined && (
      <Text slot="description" className="quiet">
        {hint}
      </Text>
    )}
  </TextField>
)
