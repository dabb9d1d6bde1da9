import { Button, Dialog, Modal, ModalOverlay } from 'react-aria-components'

interface KeysProps {
  readonly keys: readonly (readonly [keys: string, text: string])[]
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** The list of keys of a page. */
export function Keys({ keys, isOpen, onClose }: KeysProps) {
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
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
