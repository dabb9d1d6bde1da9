/**
 * Renders the answer in the format that the client accepts: DICOM JSON (PS3.18 Annex F) or the
 * Native DICOM Model in XML (PS3.19 A.1). Pure functions.
 */
import type { JsonAttribute, JsonDataSet } from './answer.js'

export type AnswerType = 'application/dicom+json' | 'application/dicom+xml'

/**
 * Chooses by the Accept header: JSON unless XML is preferred; undefined when neither is acceptable.
 */
export function answerType(accept: string | undefined): AnswerType | undefined {
  if (accept === undefined || accept.trim() === '') return 'application/dicom+json'
  const ranges = accept
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      const q = parameters.find((one) => one.startsWith('q='))?.slice(2)
      return { type, q: q === undefined ? 1 : Number(q) }
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
  for (const { type } of ranges) {
    if (/^(\*\/\*|application\/(\*|json|dicom\+json))$/.test(type)) return 'application/dicom+json'
    if (/^(application\/(xml|dicom\+xml)|text\/xml|multipart\/related)$/.test(type)) {
      return 'application/dicom+xml'
    }
  }
  return undefined
}

export const render = (dataSet: JsonDataSet, type: AnswerType): string =>
  type === 'application/dicom+json'
    ? JSON.stringify(dataSet)
    : `<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel>${attributes(dataSet)}</NativeDicomModel>\n`

const KEYWORDS: Readonly<Record<string, string>> = {
  '00081150': 'ReferencedSOPClassUID',
  '00081155': 'ReferencedSOPInstanceUID',
  '00081190': 'RetrieveURL',
  '00081195': 'TransactionUID',
  '00081196': 'WarningReason',
  '00081197': 'FailureReason',
  '00081198': 'FailedSOPSequence',
  '00081199': 'ReferencedSOPSequence',
  '0008119A': 'OtherFailuresSequence',
}

const attributes = (dataSet: JsonDataSet): string =>
  Object.entries(dataSet)
    .map(([tag, attribute]) => {
      const keyword = KEYWORDS[tag]
      const named = keyword === undefined ? '' : ` keyword="${keyword}"`
      return `<DicomAttribute tag="${tag}" vr="${attribute.vr}"${named}>${valuesOf(attribute)}</DicomAttribute>`
    })
    .join('')

const valuesOf = ({ Value = [] }: JsonAttribute): string =>
  Value.map((value, i) =>
    typeof value === 'object'
      ? `<Item number="${i + 1}">${attributes(value)}</Item>`
      : `<Value number="${i + 1}">${escape(String(value))}</Value>`,
  ).join('')

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
