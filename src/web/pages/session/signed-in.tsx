import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { KeyButton } from '../keeping/key-dialog.js'
import { DEMO_GATEWAY } from './demo.js'
import { IDLE_MS, endSession } from './session.js'
import type { Session } from './session.js'
import { SignIn } from './sign-in.js'
import { Live } from './use-updates.js'

interface SignedInProps {
  readonly title: string
  /** The role that the page is for, and a principal that has it. */
  readonly role: string
  readonly example: string
  /** Buttons of the page in the bar. */
  readonly actions?: ReactNode
  readonly children: (session: Session) => ReactNode
}

/** What is below it is there only while somebody is signed in; locking removes all of it. */
export function SignedIn({ title, role, example, actions, children }: SignedInProps) {
  const [session, setSession] = useState<Session>()
  const [notice, setNotice] = useState('')
  const queries = useQueryClient()
  const lock = useCallback(
    (why: string) => {
      if (session) endSession(session)
      queries.clear()
      setSession(undefined)
      setNotice(why)
    },
    [session, queries],
  )
  useIdle(session !== undefined, () =>
    lock('Locked after 15 minutes without use. Sign in to continue.'),
  )
  useEffect(() => {
    const leave = () => session && endSession(session)
    addEventListener('pagehide', leave)
    return () => removeEventListener('pagehide', leave)
  }, [session])
  const ended = useCallback(
    () => lock('Your session has ended, or was ended by an operator. Sign in to continue.'),
    [lock],
  )
  const enter = (entered: Session) => {
    if (entered.who.role === role) {
      setNotice('')
      setSession(entered)
      return
    }
    endSession(entered)
    setNotice(`This page is for a ${role}; ${entered.who.principal} is a ${entered.who.role}.`)
  }
  if (!session) return <SignIn {...{ title, example, notice }} onSession={enter} />
  return (
    <div className="frame">
      <header className="bar">
        <strong>Nocturne</strong>
        <span>{session.about.name}</span>
        {session.about.name === DEMO_GATEWAY && <strong className="demo">Demo, no patients</strong>}
        <span className="who">{session.who.principal}</span>
        {actions}
        <KeyButton session={session} />
        <Button
          onPress={() => lock('Locked. The key and what was opened were removed from memory.')}
        >
          Lock
        </Button>
      </header>
      <Live session={session} onEnded={ended}>
        {children(session)}
      </Live>
    </div>
  )
}

function useIdle(isActive: boolean, onIdle: () => void): void {
  useEffect(() => {
    if (!isActive) return
    let timer = setTimeout(onIdle, IDLE_MS)
    const again = () => {
      clearTimeout(timer)
      timer = setTimeout(onIdle, IDLE_MS)
    }
    for (const type of ['keydown', 'pointermove', 'wheel']) addEventListener(type, again)
    return () => {
      clearTimeout(timer)
      for (const type of ['keydown', 'pointermove', 'wheel']) removeEventListener(type, again)
    }
  }, [isActive, onIdle])
}
