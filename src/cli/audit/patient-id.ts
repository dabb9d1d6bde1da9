import { usageError } from '../command-error.js'
import { readSmallText } from '../secret-file.js'

/** The Patient ID in a file. @throws CommandError `usage`, `file_unreadable` */
export async function readPatientId(file: string): Promise<string> {
  const patientId = (await readSmallText(file)).replace(/\r?\n$/, '')
  if (patientId !== '' && patientId.length <= 256) return patientId
  throw usageError(
    '--id-file does not contain a Patient ID',
    'write only the Patient ID to the file',
  )
}
