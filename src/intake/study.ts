import { createHmac } from 'node:crypto'

/**
 * Identifies a study in the database. Keyed with a secret, so that it reveals nothing about the
 * study.
 */
export const studyHandle = (secret: Buffer, studyInstanceUID: string | undefined): string =>
  createHmac('sha256', secret)
    .update(`nocturne/arriving-study/v1\0${studyInstanceUID ?? ''}`)
    .digest('hex')
