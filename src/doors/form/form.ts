import type { Request } from 'express'
import { NocturneError } from '../../lib/errors.js'
import type { Upload, BeginUpload } from '../../transfer.js'
import type { UploadAnswer, UploadTarget } from '../../transfer/index.js'
import { readForm } from './form-data.js'
import type { FormFields, FormLimits } from './contract.js'

export interface WantedUpload {
  readonly complete: boolean
  readonly target: UploadTarget
}

/**
 * Passes the request's parts through one upload.
 *
 * @throws whatever the form, the path and `wantedOf` throw.
 */
export async function receiveForm(
  beginUpload: BeginUpload,
  request: Request,
  wantedOf: (fields: FormFields) => WantedUpload | Promise<WantedUpload>,
  limits: FormLimits,
): Promise<UploadAnswer> {
  let upload: Upload | undefined
  let complete = true
  try {
    await readForm(request, limits, {
      begin: async (fields) => {
        const wanted = await wantedOf(fields)
        complete = wanted.complete
        upload = await beginUpload(wanted.target)
      },
      part: async (part) => upload?.take(part),
    })
    if (!upload) throw new NocturneError('no_files')
    return await upload.commit({ complete })
  } catch (error) {
    await upload?.abandon(error)
    throw error
  }
}
