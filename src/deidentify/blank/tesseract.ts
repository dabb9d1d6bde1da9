/**
 * The text detector that ships with Nocturne: tesseract.js, with the model from its data package.
 * Nothing is downloaded and nothing is written to disk. Each of its threads reads one picture at a
 * time.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Recognizer, Word } from 'tesseract.js'
import { NocturneError } from '../../lib/errors.js'
import { atMost } from '../../lib/at-most.js'
import type { GreyPicture } from '../../pixels/index.js'
import type { FoundWord, TextDetector } from '../contract.js'
import { Pace, type Steps } from '../../lib/pace.js'
import { GUESSES, inkOf, isSmall } from './ink.js'
import type { InkImage } from './ink.js'
import { mostHeight, placeOf } from './place.js'
import { bestReadings } from './readings.js'
import type { Reading } from './readings.js'
import { smoothInkOf } from './smooth.js'

const { resolve } = createRequire(import.meta.url)

/**
 * A screen full of text takes a second or two; a picture that takes much longer is noise and is
 * left undecided.
 */
const PICTURE_MS = 60_000
/** An idle thread is ended, because it holds about 100 MB. */
const IDLE_MS = 30_000
const MAX_PIXELS = 16_000_000
/** A word: three letters or digits in a row. */
const SHORT_WORD = /[\p{L}\p{N}]{3}/u
const WORD = /[\p{L}\p{N}]{4}|\p{N}{1,2}[-./:]\p{N}{1,2}[-./:]\p{N}{1,2}/u

/** Whether its optional packages are installed. */
export function hasTextDetector(): boolean {
  try {
    modelFolder()
    return true
  } catch {
    return false
  }
}

export interface TextDetectorOptions {
  /**
   * Whether an image at risk that no blanking rule covers may pass, marked as such, if nothing in
   * it could identify the patient.
   */
  readonly clears: boolean
  /** Each reads one picture at a time and takes about 100 MB. */
  readonly threads: number
}

/** @throws NocturneError `text_detector_missing` when the optional packages are not installed. */
export function createTextDetector({
  clears,
  threads,
}: TextDetectorOptions): TextDetector & { close(): Promise<void> } {
  const model = modelFolder()
  const lanes = Array.from({ length: threads }, () => new Lane(model))
  const gate = atMost(threads)
  const idle = [...lanes]
  return {
    clears,
    threads,
    readWords: (picture) =>
      gate(async () => {
        const lane = idle.pop() ?? new Lane(model)
        try {
          return await lane.read(picture)
        } finally {
          idle.push(lane)
        }
      }),
    close: async () => {
      for (const lane of lanes) await lane.close()
    },
  }
}

/** One thread. It starts when it is first needed and ends after being idle for a while. */
class Lane {
  readonly #model: string
  #thread: Promise<Recognizer> | undefined
  #idle: NodeJS.Timeout | undefined
  #isClosed = false
  /** Gives up the picture being read: a thread that was ended never answers. */
  #giveUp: () => void = () => undefined

  constructor(model: string) {
    this.#model = model
  }

  /** Ends the thread for good: what is still to be read remains undecided. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle)
    this.#giveUp()
    const ended = this.#thread
    this.#thread = undefined
    await ended?.then((worker) => worker.terminate()).catch(() => undefined)
  }

  async read(picture: GreyPicture): Promise<readonly FoundWord[] | undefined> {
    clearTimeout(this.#idle)
    if (this.#isClosed || picture.width * picture.height > MAX_PIXELS) return undefined
    const thread = (this.#thread ??= start(this.#model))
    const isEnded = (): boolean => this.#thread !== thread
    const givenUp = new Promise<'given up'>((done) => {
      this.#giveUp = () => done('given up')
    })
    const timer = setTimeout(this.#giveUp, PICTURE_MS)
    try {
      const words = await Promise.race([wordsIn(thread, picture, isEnded), givenUp])
      if (words !== 'given up') return words
      await this.#end()
      return undefined
    } catch {
      await this.#end()
      return undefined
    } finally {
      clearTimeout(timer)
      this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref()
    }
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
    // Finds sparse text in no particular order, and prints nothing to standard error.
    tessedit_pageseg_mode: '11',
    user_defined_dpi: '150',
    debug_file: '/dev/null',
  })
  return worker
}

/**
 * The words found with all guesses; undefined when every guess takes most of the picture for ink.
 */
async function wordsIn(
  thread: Promise<Recognizer>,
  picture: GreyPicture,
  isEnded: () => boolean,
): Promise<readonly FoundWord[] | undefined> {
  const worker = await thread
  const pace = new Pace()
  // A picture with the same value everywhere is blank.
  if (picture.values.every((value) => value === picture.values[0])) return undefined
  let found: readonly (FoundWord & Reading)[] | undefined
  for (const { sureness, draw } of guessesFor(picture)) {
    pace.begin()
    const image = await pace.run(draw(pace))
    if (!image) continue
    found ??= []
    if (image === 'none') continue
    // Work sent to a thread that has ended would fail in a promise that nobody can await.
    if (isEnded()) return undefined
    const { data } = await worker.recognize(image.pgm, {}, { blocks: true, text: false })
    const words = (data.blocks ?? []).flatMap(({ paragraphs }) =>
      paragraphs.flatMap(({ lines }) => lines.flatMap((one) => one.words)),
    )
    const written = words.filter((word) => isWriting(word, image, picture, sureness))
    found = [...found, ...written.map((word) => located(word, image, picture))]
  }
  return found && bestReadings(found)
}

interface Sureness {
  readonly sureOfWord: number
  readonly sureOfShortWord: number
}

interface Drawn {
  readonly sureness: Sureness
  readonly draw: (pace: Pace) => Steps<InkImage | 'none' | undefined>
}

const SMOOTH: Sureness = { sureOfWord: 60, sureOfShortWord: 75 }

function guessesFor(picture: GreyPicture): readonly Drawn[] {
  const sharp = GUESSES.map(({ guess, ...sureness }) => ({
    sureness,
    draw: (pace: Pace) => inkOf(picture, guess, pace),
  }))
  if (!isSmall(picture)) return sharp
  const smooth = [true, false].map((isInverted) => ({
    sureness: SMOOTH,
    draw: (pace: Pace) => smoothInkOf(picture, isInverted, pace),
  }))
  return [...sharp, ...smooth]
}

function isWriting(word: Word, image: InkImage, picture: GreyPicture, sureness: Sureness): boolean {
  const { text, confidence } = word
  const isSure =
    (confidence >= sureness.sureOfWord && WORD.test(text)) ||
    (confidence >= sureness.sureOfShortWord && SHORT_WORD.test(text))
  if (isSure && !isAnatomy(word, image, picture)) return true
  return isLong(text) && lineOf(word, image, picture) !== undefined
}

/**
 * A line that is drawn on a plain background is writing, even if the engine has no confidence in
 * its letters: names that it does not know, joined by signs. Scales and grids have fewer different
 * ones.
 */
const LONG_WORD = 4
const isLong = (text: string): boolean =>
  new Set(text.match(/[\p{L}\p{N}]/gu) ?? []).size >= LONG_WORD

/** In per cent: writing is read with more, anatomy that looks like letters with less. */
const SURE_OF_WRITING = 80
const MOST_LETTERS_OF_ANATOMY = 3

/**
 * Whether what was read are edges of anatomy: higher than letters are, or up to three letters that
 * are not drawn on a plain background.
 */
function isAnatomy(word: Word, image: InkImage, picture: GreyPicture): boolean {
  if (word.confidence >= SURE_OF_WRITING) return false
  if (boxOf(word, image.scale).height > mostHeight(picture)) return true
  const letters = word.text.match(/[\p{L}\p{N}]/gu) ?? []
  return letters.length <= MOST_LETTERS_OF_ANATOMY && !lineOf(word, image, picture)
}

/** In per cent: words read with less confidence may be anatomy, which is never blanked. */
const SURE_OF_PLACE = 60

const boxOf = ({ bbox: { x0, y0, x1, y1 } }: Word, scale: number): FoundWord['box'] => {
  const [x, y] = [Math.floor(x0 / scale), Math.floor(y0 / scale)]
  return { x, y, width: Math.ceil(x1 / scale) - x, height: Math.ceil(y1 / scale) - y }
}

const lineOf = (word: Word, { scale, isInk }: InkImage, picture: GreyPicture) =>
  placeOf({ picture, isInk }, boxOf(word, scale))

function located(word: Word, image: InkImage, picture: GreyPicture): FoundWord & Reading {
  const { text, confidence } = word
  const place = confidence >= SURE_OF_PLACE ? lineOf(word, image, picture) : undefined
  return { text, confidence, box: boxOf(word, image.scale), place }
}
