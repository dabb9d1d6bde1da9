import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Button } from 'react-aria-components'
import { KeptSignIn, keptKeys } from '../keeping/kept-sign-in.js'
import { demoLinkIn } from './demo.js'
import type { DemoLink } from './demo.js'
import { FileSignIn } from './file-sign-in.js'
import { Problem } from './problem.js'
import { openDemoSession } from './session.js'
import type { Session } from './session.js'

interface SignInProps {
  readonly title: string
  /** A principal of the kind that the page is for. */
  readonly example: string
  readonly notice: string
  readonly onSession: (session: Session) => void
}

export function SignIn({ title, example, notice, onSession }: SignInProps) {
  const [isByFile, setByFile] = useState(false)
  const kept = useQuery({ queryKey: ['kept keys'], queryFn: keptKeys, refetchOnWindowFocus: false })
  const demo = useDemoLink(onSession)
  const keys = kept.data ?? []
  return (
    <main className="sign-in">
      <h1>{title}</h1>
      {notice && <p role="status">{notice}</p>}
      {keys.map((one) => (
        <KeptSignIn
          key={one.principal}
          kept={one}
          {...{ onSession }}
          onForgotten={() => void kept.refetch()}
        />
      ))}
      {keys.length > 0 && !isByFile ? (
        <Button onPress={() => setByFile(true)}>Use a key file</Button>
      ) : (
        <FileSignIn {...{ example, onSession }} />
      )}
      <Problem error={demo.error} />
      <p className="quiet">
        Not a certified diagnostic device. For loose files, use{' '}
        <a href="/open">Open sealed files</a>.
      </p>
    </main>
  )
}

/** Signs in by the link of the demo that the page was opened with, if it was. */
function useDemoLink(onSession: (session: Session) => void) {
  const [link] = useState(takeDemoLink)
  const signing = useMutation({ mutationFn: openDemoSession, onSuccess: onSession })
  const { mutate } = signing
  useEffect(() => {
    if (link) mutate(link)
  }, [link, mutate])
  return signing
}

/** The link that the page was opened with; it is removed from the address and from the history. */
function takeDemoLink(): DemoLink | undefined {
  const { hash, hostname, pathname } = location
  if (!hash.startsWith('#demo=')) return undefined
  history.replaceState(null, '', pathname)
  return demoLinkIn(hash, hostname)
}
