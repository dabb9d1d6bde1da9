import { useState } from 'react'
import type { ReactNode, SubmitEvent } from 'react'
import { Button, Input, Label, Text, TextField } from 'react-aria-components'

/** Nobody can reset it, so it must be long enough for a stolen file or a stolen device. */
const LEAST_CHARACTERS = 12

interface PassphraseProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly children: ReactNode
}

export function Passphrase({ label, value, onChange, children }: PassphraseProps) {
  return (
    <TextField {...{ value, onChange }} type="password" autoComplete="off">
      <Label>{label}</Label>
      <Input />
      <Text slot="description">{children}</Text>
    </TextField>
  )
}

interface NewPassphraseProps {
  readonly submit: string
  readonly pending: string
  readonly isPending: boolean
  readonly onPassphrase: (passphrase: string) => void
}

/** A new passphrase, typed twice; the fields are empty once it has been taken. */
export function NewPassphrase({ submit, pending, isPending, onPassphrase }: NewPassphraseProps) {
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [isAsked, setAsked] = useState(false)
  const isLong = passphrase.length >= LEAST_CHARACTERS
  const isSame = passphrase === again
  const take = (event: SubmitEvent) => {
    event.preventDefault()
    if (isPending) return
    setAsked(!isLong || !isSame)
    if (!isLong || !isSame) return
    onPassphrase(passphrase)
    setPassphrase('')
    setAgain('')
  }
  // A disabled button would lose the focus, and the dialog its keys.
  return (
    <form onSubmit={take}>
      <Passphrase label="New passphrase" value={passphrase} onChange={setPassphrase}>
        At least {LEAST_CHARACTERS} characters; several words are best
      </Passphrase>
      <Passphrase label="The passphrase again" value={again} onChange={setAgain}>
        {again !== '' && again !== passphrase ? 'It is not the same yet' : 'Nobody can reset it'}
      </Passphrase>
      {isAsked && !isLong && <p role="alert">The passphrase is too short.</p>}
      {isAsked && isLong && !isSame && <p role="alert">The two are not the same.</p>}
      <Button type="submit">{isPending ? pending : submit}</Button>
    </form>
  )
}
