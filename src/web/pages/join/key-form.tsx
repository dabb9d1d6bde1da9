import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode, SubmitEvent } from 'react'
import { Button, Input, Label, Text, TextField } from 'react-aria-components'
import type { KeyWorker } from '../keys/key-worker-handle.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import { saveText } from '../session/save-blob.js'

interface KeyFormProps {
  readonly keys: KeyWorker
  /** Of the person, as the gateway knows them. */
  readonly name: string
  readonly isSending: boolean
  /** The worker holds the key, and its owner has the file. */
  readonly onReady: () => void
}

/** Nobody can reset it, so it must be long enough for a stolen file. */
const LEAST_CHARACTERS = 12

export function KeyForm(props: KeyFormProps) {
  const [how, setHow] = useState<'make' | 'import'>('make')
  return (
    <>
      <Choice
        label="Your key"
        value={how}
        options={[
          ['make', 'Make a new key here'],
          ['import', 'I have a key file'],
        ]}
        onChange={setHow}
      />
      {how === 'make' ? <MakeForm {...props} /> : <ImportForm {...props} />}
    </>
  )
}

function MakeForm({ keys, name, isSending, onReady }: KeyFormProps) {
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [isSaved, setSaved] = useState(false)
  const making = useMutation({
    mutationFn: () => keys.ask({ do: 'make key', name, passphrase }),
    onSuccess: () => {
      setPassphrase('')
      setAgain('')
    },
  })
  if (making.data) {
    const { lockedKey } = making.data
    const save = () => {
      saveText(`${name}.asc`, lockedKey)
      setSaved(true)
    }
    return (
      <>
        <p>
          Save the key file where you can find it again, and a copy on a medium that you lock away.
          Nobody else has it: without the file or its passphrase, you cannot open anything.
        </p>
        <Button onPress={save}>Save {name}.asc</Button>
        <Button onPress={onReady} isDisabled={!isSaved || isSending}>
          {isSending ? 'Sending…' : 'I have saved it; send the certificate'}
        </Button>
      </>
    )
  }
  const isLong = passphrase.length >= LEAST_CHARACTERS
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (isLong && passphrase === again) making.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Passphrase label="New passphrase" value={passphrase} onChange={setPassphrase}>
        At least {LEAST_CHARACTERS} characters; several words are best
      </Passphrase>
      <Passphrase label="The passphrase again" value={again} onChange={setAgain}>
        {again !== '' && again !== passphrase ? 'It is not the same yet' : 'Nobody can reset it'}
      </Passphrase>
      <Button type="submit" isDisabled={making.isPending || !isLong || passphrase !== again}>
        {making.isPending ? 'Making the key…' : 'Make the key'}
      </Button>
      <Problem error={making.error} />
    </form>
  )
}

function ImportForm({ keys, isSending, onReady }: KeyFormProps) {
  const [file, setFile] = useState<File>()
  const [passphrase, setPassphrase] = useState('')
  const unlocking = useMutation({
    mutationFn: async (given: File) => {
      const key = new Uint8Array(await given.arrayBuffer())
      await keys.ask({ do: 'unlock', key, passphrase: passphrase || undefined }, [key.buffer])
    },
    onSuccess: () => {
      setPassphrase('')
      onReady()
    },
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (file) unlocking.mutate(file)
  }
  return (
    <form onSubmit={submit}>
      <label className="field">
        Your private key
        <input
          type="file"
          required
          accept=".asc,.pgp,.gpg,.key"
          onChange={({ target }) => setFile(target.files?.[0])}
        />
      </label>
      <Passphrase label="Passphrase of the key" value={passphrase} onChange={setPassphrase}>
        The key stays in this browser; only its certificate is sent
      </Passphrase>
      <Button type="submit" isDisabled={unlocking.isPending || isSending}>
        {unlocking.isPending || isSending ? 'Sending…' : 'Send the certificate'}
      </Button>
      <Problem error={unlocking.error} />
    </form>
  )
}

interface PassphraseProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly children: ReactNode
}

function Passphrase({ label, value, onChange, children }: PassphraseProps) {
  return (
    <TextField {...{ value, onChange }} type="password" autoComplete="off">
      <Label>{label}</Label>
      <Input />
      <Text slot="description">{children}</Text>
    </TextField>
  )
}
