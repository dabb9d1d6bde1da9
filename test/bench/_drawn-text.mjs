/**
 * Draws text into greyscale pictures, as scanners, digitizers and workstations do: from the outlines
 * of TrueType fonts that the machine has, and from letters of 5 by 7 dots.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
/** The reader of fonts that pdfkit, which writes our PDF files, brings. */
const fontkit = createRequire(require.resolve('pdfkit'))('fontkit')

const FOLDER = '/usr/share/fonts/truetype'
const FILES = {
  sans: `${FOLDER}/dejavu/DejaVuSans.ttf`,
  'sans bold': `${FOLDER}/dejavu/DejaVuSans-Bold.ttf`,
  condensed: `${FOLDER}/dejavu/DejaVuSansCondensed.ttf`,
  mono: `${FOLDER}/dejavu/DejaVuSansMono.ttf`,
  serif: `${FOLDER}/dejavu/DejaVuSerif.ttf`,
  oblique: `${FOLDER}/dejavu/DejaVuSans-Oblique.ttf`,
  lato: `${FOLDER}/lato/Lato-Regular.ttf`,
  'lato light': `${FOLDER}/lato/Lato-Light.ttf`,
}

/** Names of the fonts of this machine. */
export const fonts = Object.keys(FILES).filter((name) => existsSync(FILES[name]))

const opened = new Map()
const fontOf = (name) => {
  const font = opened.get(name) ?? fontkit.openSync(FILES[name])
  opened.set(name, font)
  return font
}

/**
 * The coverage of one line of text, from 0 to 1 per pixel, tightly cropped.
 *
 * @param size height of a capital letter in pixels
 */
export function lineOf(text, name, size) {
  const font = fontOf(name)
  const scale = size / (font.capHeight || 0.7 * font.unitsPerEm)
  const { glyphs, positions } = font.layout(text)
  const contours = []
  let pen = 0
  for (const [index, glyph] of glyphs.entries()) {
    for (const contour of flattened(glyph.path))
      contours.push(contour.map(([x, y]) => [(pen + x) * scale, -y * scale]))
    pen += positions[index].xAdvance
  }
  return filled(contours)
}

/** Polygons for the curves of an outline. */
function flattened({ commands }) {
  const contours = []
  let contour = []
  let [x, y] = [0, 0]
  const curve = (at) => {
    for (let step = 1; step <= 6; step++) contour.push(at(step / 6))
    ;[x, y] = contour.at(-1)
  }
  for (const { command, args: a } of commands) {
    const [fx, fy] = [x, y]
    if (command === 'moveTo') {
      contour = []
      contours.push(contour)
    }
    if (command === 'moveTo' || command === 'lineTo') curve(() => [a[0], a[1]])
    if (command === 'quadraticCurveTo')
      curve((t) =>
        [0, 1].map((i) => (1 - t) ** 2 * [fx, fy][i] + 2 * t * (1 - t) * a[i] + t * t * a[2 + i]),
      )
    if (command === 'bezierCurveTo')
      curve((t) =>
        [0, 1].map(
          (i) =>
            (1 - t) ** 3 * [fx, fy][i] +
            3 * t * (1 - t) ** 2 * a[i] +
            3 * t * t * (1 - t) * a[2 + i] +
            t ** 3 * a[4 + i],
        ),
      )
  }
  return contours.filter((one) => one.length > 2)
}

const LINES = 4

/** Fills polygons by the nonzero rule, each row sampled along several lines. */
function filled(contours) {
  const xs = contours.flat().map(([x]) => x)
  const ys = contours.flat().map(([, y]) => y)
  const [left, top] = [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))]
  const [width, height] = [
    Math.ceil(Math.max(...xs)) - left + 1,
    Math.ceil(Math.max(...ys)) - top + 1,
  ]
  const coverage = new Float32Array(width * height)
  for (let line = 0; line < height * LINES; line++) {
    const at = top + (line + 0.5) / LINES
    const crossings = []
    for (const contour of contours)
      for (let i = 0; i < contour.length; i++) {
        const [[x0, y0], [x1, y1]] = [contour[i], contour[(i + 1) % contour.length]]
        if (y0 <= at === y1 <= at) continue
        crossings.push([x0 + ((at - y0) / (y1 - y0)) * (x1 - x0) - left, y1 > y0 ? 1 : -1])
      }
    crossings.sort(([a], [b]) => a - b)
    let winding = 0
    for (const [index, [from, turn]] of crossings.entries()) {
      winding += turn
      const to = crossings[index + 1]?.[0]
      if (winding === 0 || to === undefined) continue
      const row = Math.floor(line / LINES) * width
      for (let x = Math.floor(from); x < to; x++)
        coverage[row + x] += Math.max(0, Math.min(to, x + 1) - Math.max(from, x)) / LINES
    }
  }
  return { width, height, coverage }
}

/**
 * Draws a line into a picture of 8 bits.
 *
 * @param style `plain`; `outlined`, with an edge of the opposite brightness; `boxed`, on a bar
 * @returns the box around the letters
 */
export function draw(picture, { width, height, coverage }, { x, y, value, style }) {
  const opposite = value > 127 ? 0 : 255
  const put = (column, row, to, share) => {
    if (column < 0 || row < 0 || column >= picture.width || row >= picture.height) return
    const at = row * picture.width + column
    picture.values[at] = Math.round(picture.values[at] * (1 - share) + to * share)
  }
  const edge = Math.max(1, Math.round(height / 14))
  if (style === 'boxed')
    for (let row = -3 * edge; row < height + 3 * edge; row++)
      for (let column = -3 * edge; column < width + 3 * edge; column++)
        put(x + column, y + row, opposite, 1)
  const each = (work) => {
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const share = Math.min(1, coverage[row * width + column])
        if (share > 0) work(column, row, share)
      }
  }
  if (style === 'outlined')
    each((column, row, share) => {
      for (let dy = -edge; dy <= edge; dy++)
        for (let dx = -edge; dx <= edge; dx++) put(x + column + dx, y + row + dy, opposite, share)
    })
  each((column, row, share) => put(x + column, y + row, value, share))
  return { x, y, width, height }
}
