import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button, Input, Label, Text, TextField } from 'react-aria-components'
import { KeyFile } from './key-file.js'
import { Problem } from './problem.js'
import { openSession, unlockingFile } from './session.js'
import type { Session } from './session.js'

interface FileSignInProps {
  readonly example: string
  readonly onSession: (session: Session) => void
}

/** The key stays with the person: the device keeps nothing. */
export function FileSignIn({ example, onSession }: FileSignInProps) {
  const [principal, setPrincipal] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const [key, setKey] = useState<File>()
  const signing = useMutation({
    mutationFn: (given: File) => openSession(principal.trim(), unlockingFile(given, passphrase)),
    onSuccess: (session) => {
      setPassphrase('')
      onSession(session)
    },
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (key) signing.mutate(key)
  }
  return (
    <>
      <p>
        Your key is read into this page's memory, in a worker that cannot connect to anything. It is
        not stored, and it is gone when you lock or leave the page. Once you are signed in,{' '}
        <em>My key</em> can keep it on this device, encrypted.
      </p>
      <form onSubmit={submit}>
        <TextField value={principal} onChange={setPrincipal} isRequired autoComplete="username">
          <Label>Your name at this gateway</Label>
          <Input autoFocus spellCheck="false" autoCapitalize="none" />
          <Text slot="description">For example {example}</Text>
        </TextField>
        <KeyFile onFile={setKey} />
        <TextField value={passphrase} onChange={setPassphrase} type="password" autoComplete="off">
          <Label>Passphrase of the key, if it has one</Label>
          <Input />
        </TextField>
        <Button type="submit" isDisabled={signing.isPending}>
          {signing.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <Problem error={signing.error} />
    </>
  )
}
