import { Button, Dialog, Modal, ModalOverlay } from 'react-aria-components'

const KEYS: readonly (readonly [where: string, keys: readonly (readonly [string, string])[]])[] = [
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
      ['w p z l', 'window, pan, zoom, length'],
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

export function KeyList({ isOpen, onClose }: KeyListProps) {
  return (
    <ModalOverlay isOpen={isOpen} isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal>
        <Dialog aria-label="Keys" className="key-list">
          <div className="buttons">
            <h2>Keys</h2>
            <Button autoFocus onPress={onClose}>
              Close <kbd>Esc</kbd>
            </Button>
          </div>
          <div className="columns">
            {KEYS.map(([where, keys]) => (
              <section key={where}>
                <h3>{where}</h3>
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
              </section>
            ))}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
