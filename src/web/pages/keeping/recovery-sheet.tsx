import { Button } from 'react-aria-components'
import { inFours } from '../session/in-fours.js'
import { saveText } from '../session/save-blob.js'

interface RecoverySheetProps {
  readonly principal: string
  readonly gateway: string
  readonly code: string
  readonly lockedKey: string
  readonly fingerprint: string
  readonly onClose: () => void
}

/** Printed alone: the style sheet hides everything else. The code is nowhere else from then on. */
export function RecoverySheet(props: RecoverySheetProps) {
  const { principal, gateway, code, lockedKey, fingerprint, onClose } = props
  const file = `${principal}-recovery.asc`
  return (
    <section className="recovery-sheet" aria-label="Recovery sheet">
      <h3>Recovery sheet for the key of {principal}</h3>
      <p>
        Gateway {gateway}. Made on {new Date().toISOString().slice(0, 10)}.
      </p>
      <p className="words">{code}</p>
      <p>
        Fingerprint <span className="fingerprint">{inFours(fingerprint)}</span>
      </p>
      <ol>
        <li>
          On the device that keeps the key: type this code in place of the passphrase when you sign
          in.
        </li>
        <li>
          On any other device: select the recovery file ({file}) as the key file, and type this
          code, with its hyphens, as its passphrase.
        </li>
      </ol>
      <p>
        Lock this sheet away, and keep the recovery file in another place: together they are the
        key. A sheet that was printed earlier opens only the file that was saved with it.
      </p>
      <div className="buttons">
        <Button autoFocus onPress={() => print()}>
          Print
        </Button>
        <Button onPress={() => saveText(file, lockedKey)}>Save {file}</Button>
        <Button onPress={onClose}>Done</Button>
      </div>
    </section>
  )
}
