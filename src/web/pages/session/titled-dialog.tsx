import { useRef, useState } from 'react'
import type { ReactNode, RefObject } from 'react'
import { Button, Dialog, Modal, ModalOverlay } from 'react-aria-components'

interface TitledProps {
  readonly title: string
  /** How it is called, where that is not its title. */
  readonly label?: string
  readonly className: string
  /** Given the button that closes it. */
  readonly children: (close: RefObject<HTMLButtonElement | null>) => ReactNode
}

interface TitledDialogProps extends TitledProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** A dialog with a title and a button to close it. */
export function TitledDialog(props: TitledDialogProps) {
  const { title, label = title, className, isOpen, onClose, children } = props
  const close = useRef<HTMLButtonElement>(null)
  return (
    <ModalOverlay isOpen={isOpen} isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal>
        <Dialog aria-label={label} className={className}>
          <div className="buttons">
            <h2>{title}</h2>
            <Button ref={close} autoFocus onPress={onClose}>
              Close <kbd>Esc</kbd>
            </Button>
          </div>
          {children(close)}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

/** A button that opens such a dialog. */
export function DialogButton({ text, ...dialog }: TitledProps & { readonly text: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button onPress={() => setOpen(true)}>{text}</Button>
      <TitledDialog {...dialog} isOpen={isOpen} onClose={() => setOpen(false)} />
    </>
  )
}
