import { createRequire } from 'node:module'

function reasonToSkip(): string | undefined {
  try {
    createRequire(import.meta.url).resolve('tesseract.js')
    return undefined
  } catch {
    return 'the optional packages are not installed'
  }
}

/** The reason why no text detector can run here. */
export const noDetector = reasonToSkip()
