import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { TitledDialog } from './titled-dialog.js'
import { useKeys } from './use-keys.js'

/** What each key does. */
export type KeyTexts = readonly (readonly [keys: string, text: string])[]

interface KeysDialogProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** The list of keys of a page. */
export const KeysDialog = ({ isOpen, onClose, children }: KeysDialogProps) => (
  <TitledDialog title="Keys" className="key-list" isOpen={isOpen} onClose={onClose}>
    {() => children}
  </TitledDialog>
)

export function KeyTable({ keys }: { readonly keys: KeyTexts }) {
  return (
    <dl className="keys">
      {keys.map(([key, text]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

/** For the bar: the list of keys, which `?` opens too. */
export function KeysButton({ keys }: { readonly keys: KeyTexts }) {
  const [isOpen, setOpen] = useState(false)
  useKeys({ '?': () => setOpen(true) })
  return (
    <>
      <Button onPress={() => setOpen(true)}>
        Keys <kbd>?</kbd>
      </Button>
      <KeysDialog isOpen={isOpen} onClose={() => setOpen(false)}>
        <KeyTable keys={keys} />
      </KeysDialog>
    </>
  )
}
