import { createHmac } from 'node:crypto'

/**
 * What stands for a study in the database: keyed by its facility, so that it says nothing to
 * whoever reads it.
 */
export const studyHandle = (secret: Buffer, studyInstanceUID: string | undefined): string =>
  createHmac('sha256', secret)
    .update(`nocturne/arriving-study/v1\0${studyInstanceUID ?? ''}`)
    .digest('hex')
