import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button, Input, Label, Text, TextField } from 'react-aria-components'
import { Problem } from './problem.js'
import { demoLinkIn } from './demo.js'
import type { DemoLink } from './demo.js'
import { openDemoSession, openSession } from './session.js'
import type { Session } from './session.js'

interface SignInProps {
  readonly title: string
  /** A principal of the kind that the page is for. */
  readonly example: string
  readonly notice: string
  readonly onSession: (session: Session) => void
}

export function SignIn({ title, example, notice, onSession }: SignInProps) {
  const [principal, setPrincipal] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const [key, setKey] = useState<File>()
  const signing = useMutation({
    mutationFn: async (demo: DemoLink | undefined) => {
      if (demo) return openDemoSession(demo)
      return key && openSession(principal.trim(), key, passphrase)
    },
    onSuccess: (session) => {
      setPassphrase('')
      if (session) onSession(session)
    },
  })
  const { mutate } = signing
  useDemoLink(mutate)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    mutate(undefined)
  }
  return (
    <main className="sign-in">
      <h1>{title}</h1>
      {notice && <p role="status">{notice}</p>}
      <p>
        Your key is read into this page's memory, in a worker that cannot connect to anything. It is
        not stored, and it is gone when you lock or leave the page.
      </p>
      <form onSubmit={submit}>
        <TextField value={principal} onChange={setPrincipal} isRequired autoComplete="username">
          <Label>Your name at this gateway</Label>
          <Input autoFocus spellCheck="false" autoCapitalize="none" />
          <Text slot="description">For example {example}</Text>
        </TextField>
        <label className="field">
          Your private key
          <input
            type="file"
            required
            accept=".asc,.pgp,.gpg,.key"
            onChange={({ target }) => setKey(target.files?.[0])}
          />
        </label>
        <TextField value={passphrase} onChange={setPassphrase} type="password" autoComplete="off">
          <Label>Passphrase of the key, if it has one</Label>
          <Input />
        </TextField>
        <Button type="submit" isDisabled={signing.isPending}>
          {signing.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <Problem error={signing.error} />
      <p className="quiet">
        Not a certified diagnostic device. For loose files, use{' '}
        <a href="/open">Open sealed files</a>.
      </p>
    </main>
  )
}

/** Signs in by the link of the demo that the page was opened with, if it was. */
function useDemoLink(signIn: (link: DemoLink) => void): void {
  const [link] = useState(takeDemoLink)
  useEffect(() => {
    if (link) signIn(link)
  }, [link, signIn])
}

/** The link that the page was opened with; it is removed from the address and from the history. */
function takeDemoLink(): DemoLink | undefined {
  const { hash, hostname, pathname } = location
  if (!hash.startsWith('#demo=')) return undefined
  history.replaceState(null, '', pathname)
  return demoLinkIn(hash, hostname)
}
