import { Input, Label, TextField } from 'react-aria-components'

interface AuthorNameProps {
  readonly value: string
  readonly onChange: (name: string) => void
}

export function AuthorName({ value, onChange }: AuthorNameProps) {
  return (
    <TextField value={value} onChange={onChange} autoComplete="name" maxLength={200}>
      <Label>Your name, as printed under it (optional)</Label>
      <Input />
    </TextField>
  )
}
