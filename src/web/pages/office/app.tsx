import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button, Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import { SignedIn } from '../session/signed-in.js'
import type { Session } from '../session/session.js'
import { useKeys } from '../session/use-keys.js'
import { Keys } from '../tables/keys.js'
import { Questions } from './questions.js'
import { Timeline } from './timeline.js'
import { VerifyLog } from './verify-log.js'

export const App = () => {
  const [isHelpOpen, setHelpOpen] = useState(false)
  const help = (
    <Button onPress={() => setHelpOpen(true)}>
      Keys <kbd>?</kbd>
    </Button>
  )
  return (
    <SignedIn title="Audit and compliance" role="officer" example="officer-1" actions={help}>
      {(session) => (
        <>
          <Office session={session} onHelp={() => setHelpOpen(true)} />
          <Keys keys={KEYS} isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
        </>
      )}
    </SignedIn>
  )
}

type View = (props: { readonly session: Session }) => ReactNode

const VIEWS: readonly (readonly [id: string, name: string, view: View])[] = [
  ['questions', 'Questions', Questions],
  ['timeline', 'Timelines', Timeline],
  ['verify', 'Verify the log', VerifyLog],
]

const KEYS: readonly (readonly [string, string])[] = [
  [`1 to ${VIEWS.length}`, VIEWS.map(([, name]) => name).join(', ')],
  ['← →', 'between the names of the views; Enter opens one'],
  ['Tab', 'from field to field, button to button, into a table'],
  ['Enter', 'on the first cell of a row: its details'],
  ['?', 'this list'],
]

interface OfficeProps {
  readonly session: Session
  readonly onHelp: () => void
}

/**
 * A view asks the ledger when it is opened, and each read is an event: arrow keys alone open none.
 */
function Office({ session, onHelp }: OfficeProps) {
  const [view, setView] = useState('questions')
  const open = (id: string) => () => setView(id)
  useKeys({
    ...Object.fromEntries(VIEWS.map(([id], at) => [String(at + 1), open(id)])),
    '?': onHelp,
  })
  return (
    <main className="office">
      <h1>Audit and compliance</h1>
      <Tabs
        selectedKey={view}
        onSelectionChange={(key) => setView(String(key))}
        keyboardActivation="manual"
      >
        <TabList aria-label="Views">
          {VIEWS.map(([id, name], at) => (
            <Tab key={id} id={id}>
              <kbd>{at + 1}</kbd> {name}
            </Tab>
          ))}
        </TabList>
        {VIEWS.map(([id, , Show]) => (
          <TabPanel key={id} id={id}>
            <Show session={session} />
          </TabPanel>
        ))}
      </Tabs>
    </main>
  )
}
