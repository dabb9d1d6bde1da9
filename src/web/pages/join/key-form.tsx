import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import { KeepWithPasskey, keepUnderPassphrase } from '../keeping/keep-forms.js'
import { NewPassphrase, Passphrase } from '../keeping/passphrase.js'
import type { KeyWorker } from '../keys/key-worker-handle.js'
import { Choice } from '../session/choice.js'
import { KeyFile } from '../session/key-file.js'
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

function MakeForm(props: KeyFormProps) {
  const { keys, name } = props
  const [isKept, setKept] = useState(false)
  const making = useMutation({
    mutationFn: async (passphrase: string) => {
      const made = await keys.ask({ do: 'make key', name, passphrase })
      if (isKept) await keepUnderPassphrase(keys, name, passphrase)
      return made
    },
  })
  if (making.data) return <MadeKey {...props} lockedKey={making.data.lockedKey} />
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={isKept}
          onChange={({ target }) => setKept(target.checked)}
        />
        Keep it on this device as well, encrypted with the passphrase
      </label>
      <NewPassphrase
        submit="Make the key"
        pending="Making the key…"
        isPending={making.isPending}
        onPassphrase={(passphrase) => making.mutate(passphrase)}
      />
      <Problem error={making.error} />
    </>
  )
}

/** The file is saved whatever this device keeps: a device can be lost. */
function MadeKey({
  keys,
  name,
  isSending,
  onReady,
  lockedKey,
}: KeyFormProps & { readonly lockedKey: string }) {
  const [isSaved, setSaved] = useState(false)
  const [hasPasskey, setPasskey] = useState(false)
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
      {hasPasskey ? (
        <p role="status">This device keeps the key, and your passkey opens it.</p>
      ) : (
        <KeepWithPasskey {...{ keys, principal: name }} onKept={() => setPasskey(true)} />
      )}
      <Button onPress={onReady} isDisabled={!isSaved || isSending}>
        {isSending ? 'Sending…' : 'I have saved it; send the certificate'}
      </Button>
    </>
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
      <KeyFile onFile={setFile} />
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
