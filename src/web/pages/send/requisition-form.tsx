import { Label, TextArea, TextField } from 'react-aria-components'
import { REQUISITION_FIELDS } from '../../../protocol/words.js'
import type { RequisitionField } from '../../../protocol/words.js'
import type { Session } from '../session/session.js'
import { missingIn } from './requisition.js'
import type { Written } from './requisition.js'

const LABELS: Readonly<Record<RequisitionField, string>> = {
  procedure: 'Procedure',
  reason: 'Reason for the study',
  question: 'Question to the radiologist',
  contrast: 'Contrast',
  history: 'Relevant history',
  callback: 'Call-back number',
}
/** In characters, as the gateway accepts them. */
const LONGEST = { callback: 250, other: 8_000 }

interface RequisitionFormProps {
  readonly session: Session
  /** False: the images do not say which order they are for. */
  readonly canBeMatched: boolean
  readonly written: Written
  readonly onChange: (written: Written) => void
}

export function RequisitionForm(props: RequisitionFormProps) {
  const { session, canBeMatched, written, onChange } = props
  if (!canBeMatched)
    return (
      <p className="quiet">
        These images have no accession number or no patient ID, so a requisition written here would
        not find them. Select the requisition as a file together with the images.
      </p>
    )
  const missing = missingIn(written, session)
  return (
    <fieldset className="requisition">
      <legend>Requisition</legend>
      <div className="pair">
        {REQUISITION_FIELDS.map((name) => (
          <TextField
            key={name}
            value={written[name] ?? ''}
            isRequired={session.who.requisition?.includes(name) === true}
            maxLength={name === 'callback' ? LONGEST.callback : LONGEST.other}
            onChange={(text) => onChange({ ...written, [name]: text })}
            autoComplete="off"
          >
            <Label>
              {LABELS[name]}
              {session.who.requisition?.includes(name) === true && ' (required)'}
            </Label>
            <TextArea rows={name === 'reason' || name === 'history' ? 3 : 1} />
          </TextField>
        ))}
      </div>
      <p className="quiet" role="status">
        {missing.length > 0
          ? `Still missing: ${missing.map((name) => LABELS[name].toLowerCase()).join(', ')}.`
          : 'The patient’s name is removed from these texts before they reach the radiologist.'}
      </p>
    </fieldset>
  )
}
