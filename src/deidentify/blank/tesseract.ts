/**
 * The text detector that ships with Nocturne: tesseract.js, with the model that its data package holds. Nothing is fetched and
 * nothing written to disk. It runs in a thread of its own, one picture after the other.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Recognizer } from 'tesseract.js'
import { NocturneError } from '../../lib/errors.js'
import { inTurn } from '../../lib/in-turn.js'
import type { GreyPicture } from '../../pixels/index.js'
import type { TextDetector } from '../contract.js'
import { Pace } from '../../lib/pace.js'
import { GUESSES, inkOf } from './ink.js'

const { resolve } = createRequire(import.meta.url)

/** A screen of text takes a second or two; what takes much longer is noise, and is not decided. */
const PICTURE_MS = 30_000
/** The thread holds some 100 MB. */
const IDLE_MS = 30_000
const MAX_PIXELS = 16_000_000
/** A word: letters or digits in a row, or a date or time. */
const SHORT_WORD = /[\p{L}\p{N}]{3}/u
const WORD = /[\p{L}\p{N}]{4}|\p{N}{1,2}[-./:]\p{N}{1,2}[-./:]\p{N}{1,2}/u

/**
 * @param clears whether an image at risk that no blanking rule covers may pass, marked, when no word is found in it.
 * @throws NocturneError `text_detector_missing` when the optional packages are not installed.
 */
export function createTextDetector(clears: boolean): TextDetector & { close(): Promise<void> } {
  const model = modelFolder()
  const oneAtATime = inTurn()
  let thread: Promise<Recognizer> | undefined
  let idle: NodeJS.Timeout | undefined

  const end = async (): Promise<void> => {
    clearTimeout(idle)
    const ended = thread
    thread = undefined
    await ended?.then((worker) => worker.terminate()).catch(() => undefined)
  }

  async function read(picture: GreyPicture): Promise<number | undefined> {
    clearTimeout(idle)
    if (picture.width * picture.height > MAX_PIXELS) return undefined
    thread ??= start(model)
    const timer: { id?: NodeJS.Timeout } = {}
    const late = new Promise<'late'>((done) => {
      timer.id = setTimeout(() => {
        done('late')
      }, PICTURE_MS)
    })
    try {
      const count = await Promise.race([countWords(thread, picture), late])
      if (count === 'late') await end()
      return count === 'late' ? undefined : count
    } catch {
      await end()
      return undefined
    } finally {
      clearTimeout(timer.id)
      idle = setTimeout(() => void end(), IDLE_MS).unref()
    }
  }

  return {
    clears,
    countWords: (picture) => oneAtATime(() => read(picture)),
    close: end,
  }
}

function modelFolder(): string {
  try {
    resolve('tesseract.js')
    return join(dirname(resolve('@tesseract.js-data/eng/package.json')), '4.0.0_best_int')
  } catch (error) {
    throw new NocturneError('text_detector_missing', { cause: error })
  }
}

async function start(langPath: string): Promise<Recognizer> {
  const { default: tesseract } = await import('tesseract.js')
  const options = {
    langPath,
    cacheMethod: 'none',
    gzip: true,
    errorHandler: () => undefined,
  } as const
  const worker = await tesseract.createWorker('eng', 1, options)
  await worker.setParameters({
    // Words anywhere, in no order; and no remarks on standard error.
    tessedit_pageseg_mode: '11',
    user_defined_dpi: '150',
    debug_file: '/dev/null',
  })
  return worker
}

/** As many as the first guess shows that shows any; undefined when none finds anything to be shown. */
async function countWords(
  thread: Promise<Recognizer>,
  picture: GreyPicture,
): Promise<number | undefined> {
  const worker = await thread
  const pace = new Pace()
  let count: number | undefined
  for (const { guess, sureOfWord, sureOfShortWord } of GUESSES) {
    pace.begin()
    const image = await pace.run(inkOf(picture, guess, pace))
    if (!image) continue
    const { data } = await worker.recognize(image, {}, { blocks: true, text: false })
    const words = (data.blocks ?? []).flatMap(({ paragraphs }) =>
      paragraphs.flatMap(({ lines }) => lines.flatMap((one) => one.words)),
    )
    count = words.filter(
      ({ text, confidence }) =>
        (confidence >= sureOfWord && WORD.test(text)) ||
        (confidence >= sureOfShortWord && SHORT_WORD.test(text)),
    ).length
    if (count > 0) break
  }
  return count
}
