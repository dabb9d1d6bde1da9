import { useState } from 'react'
import type { ReactNode } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import type { Session } from '../session/session.js'
import { KeysButton } from '../session/keys-dialog.js'
import type { KeyTexts } from '../session/keys-dialog.js'
import { useKeys } from '../session/use-keys.js'

export interface ViewOf {
  readonly id: string
  readonly name: string
  readonly show: (props: { readonly session: Session }) => ReactNode
}

interface ViewsProps {
  readonly title: string
  readonly session: Session
  readonly views: readonly ViewOf[]
}

/**
 * The views of a page, of which one is shown. Opening one asks the gateway, and in the office each
 * read is an event: arrow keys alone open none.
 */
export function Views({ title, session, views }: ViewsProps) {
  const [view, setView] = useState(views[0]?.id ?? '')
  useKeys(Object.fromEntries(views.map(({ id }, at) => [String(at + 1), () => setView(id)])))
  return (
    <main className="office">
      <h1>{title}</h1>
      <Tabs
        selectedKey={view}
        onSelectionChange={(key) => setView(String(key))}
        keyboardActivation="manual"
      >
        <TabList aria-label="Views">
          {views.map(({ id, name }, at) => (
            <Tab key={id} id={id}>
              <kbd>{at + 1}</kbd> {name}
            </Tab>
          ))}
        </TabList>
        {views.map(({ id, show: Show }) => (
          <TabPanel key={id} id={id}>
            <Show session={session} />
          </TabPanel>
        ))}
      </Tabs>
    </main>
  )
}

/** For the bar. */
export const ViewKeys = ({ views }: { readonly views: readonly ViewOf[] }) => (
  <KeysButton keys={keysOf(views)} />
)

const keysOf = (views: readonly ViewOf[]): KeyTexts => [
  ...views.map(({ name }, at) => [String(at + 1), name] as const),
  ['← →', 'between the names of the views; Enter opens one'],
  ['Tab', 'from field to field, button to button, into a table'],
  ['Enter', 'on the first cell of a row with details: opens them'],
  ['?', 'this list'],
]
