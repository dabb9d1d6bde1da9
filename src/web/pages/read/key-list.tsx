import { KeysDialog, KeyTable } from '../session/keys-dialog.js'
import type { KeyTexts } from '../session/keys-dialog.js'

const KEYS: readonly (readonly [where: string, keys: KeyTexts])[] = [
  [
    'Worklist',
    [
      ['j k', 'next, previous case'],
      ['Enter', 'open the case; claim it'],
      ['h', 'hand-over'],
      ['?', 'this list'],
    ],
  ],
  [
    'Images',
    [
      ['↓ ↑', 'next, previous image'],
      ['Page Down, Page Up', 'ten images on, back'],
      ['Home End', 'first, last image'],
      ['w p z', 'window, pan, zoom'],
      ['l a g v', 'length, angle, values in a region, value of a pixel'],
      ['b x y', 'another series beside it; change to the other one; link the two'],
      ['1 to 6', 'window presets of CT'],
      ['i r 0', 'invert, rotate, reset'],
    ],
  ],
  [
    'Report',
    [
      ['e', 'write: to the findings'],
      ['d', 'documents'],
      ['o', 'earlier reports'],
      ['c', 'critical results'],
      ['Ctrl Enter', 'check and send'],
      ['Esc', 'from a field to the images; from the images to the worklist'],
    ],
  ],
]

interface KeyListProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function KeyList(props: KeyListProps) {
  return (
    <KeysDialog {...props}>
      <div className="columns">
        {KEYS.map(([where, keys]) => (
          <section key={where}>
            <h3>{where}</h3>
            <KeyTable keys={keys} />
          </section>
        ))}
      </div>
    </KeysDialog>
  )
}
