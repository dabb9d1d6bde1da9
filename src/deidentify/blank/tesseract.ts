/**
 * The text detector that ships with Nocturne: tesseract.js, with the model that its data package holds. Nothing is fetched and
 * nothing written to disk. It runs in a thread of its own, one picture after the other.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Recognizer } from 'tesseract.js'
import { NocturneError } from '../../lib/errors.js'
import type { GreyPicture, TextDetector } from '../index.js'

const { resolve } = createRequire(import.meta.url)

/** A screen of text takes a second or two; what takes much longer is noise, and is not decided. */
const PICTURE_MS = 30_000
/** The thread holds some 100 MB. */
const IDLE_MS = 30_000
/** Small print is enlarged: letters of 7 pixels are below what the model was trained on. */
const ENLARGED_BELOW = 1000
const MAX_PIXELS = 16_000_000
/** Ink of more than this share is background, not writing. */
const MOST_INK = 0.4
/** A word: three letters or digits in a row that the model half believes in. */
const MIN_CONFIDENCE = 40
const WORD = /[\p{L}\p{N}]{3}/u

/**
 * @param clears whether an image at risk that no blanking rule covers may pass, marked, when no word is found in it.
 * @throws NocturneError `text_detector_missing` when the optional packages are not installed.
 */
export function createTextDetector(clears: boolean): TextDetector & { close(): Promise<void> } {
  const model = modelFolder()
  let line: Promise<unknown> = Promise.resolve()
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
    const images = inkOf(picture)
    if (images.length === 0) return undefined
    thread ??= start(model)
    const timer: { id?: NodeJS.Timeout } = {}
    const late = new Promise<undefined>((done) => {
      timer.id = setTimeout(() => {
        done(undefined)
      }, PICTURE_MS)
    })
    try {
      const count = await Promise.race([countWords(thread, images), late])
      if (count === undefined) await end()
      return count
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
    countWords: (picture) => {
      const turn = line.then(() => read(picture))
      line = turn
      return turn
    },
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

async function countWords(thread: Promise<Recognizer>, images: readonly Buffer[]): Promise<number> {
  const worker = await thread
  let count = 0
  for (const image of images) {
    const { data } = await worker.recognize(image, {}, { blocks: true, text: false })
    const words = (data.blocks ?? []).flatMap(({ paragraphs }) =>
      paragraphs.flatMap(({ lines }) => lines.flatMap((one) => one.words)),
    )
    count += words.filter(
      (word) => word.confidence >= MIN_CONFIDENCE && WORD.test(word.text),
    ).length
  }
  return count
}

/**
 * What is written is drawn in the brightest or the darkest values: each as black on white, in PGM. None where that is most of
 * the picture, or where there is one value alone.
 */
function inkOf({ width, height, values }: GreyPicture): readonly Buffer[] {
  if (width * height > MAX_PIXELS) return []
  const isInk = [(value: number) => value >= 192, (value: number) => value < 64]
  return isInk.flatMap((test) => {
    let ink = 0
    for (const value of values) if (test(value)) ink += 1
    return ink > MOST_INK * values.length ? [] : [pgm(width, height, values, test)]
  })
}

function pgm(
  width: number,
  height: number,
  values: Uint8Array,
  isInk: (value: number) => boolean,
): Buffer {
  const scale = height < ENLARGED_BELOW ? 2 : 1
  const header = Buffer.from(`P5\n${String(width * scale)} ${String(height * scale)}\n255\n`)
  const image = Buffer.alloc(header.length + width * height * scale * scale, 255)
  header.copy(image)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!isInk(values[y * width + x] ?? 0)) continue
      for (let down = 0; down < scale; down++) {
        const start = header.length + (y * scale + down) * width * scale + x * scale
        image.fill(0, start, start + scale)
      }
    }
  return image
}
