/**
 * The held items of a study on one page: a local file without scripts that loads nothing.
 */
import { crc32, deflateSync } from 'node:zlib'
import type { GreyPicture } from '../../pixels/index.js'

export interface Shown {
  /** Its number; with several transfers, transfer and number. */
  readonly label: string
  /** Why it is held. */
  readonly why: string
  readonly isReleasable: boolean
  /** Empty for items that cannot be shown. */
  readonly pictures: readonly GreyPicture[]
}

/** The size of a screen; larger pictures are scaled down by averaging pixels. */
const MOST_SIDE = 1600

const STYLE = `body{font:15px/1.4 system-ui,sans-serif;margin:1rem;background:#111;color:#eee}
ol{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1rem}
li{background:#222;padding:.5rem;border-radius:.3rem}img{max-width:100%;display:block;margin-top:.3rem}
figure{margin:0}figure:target{position:fixed;inset:0;background:#000;overflow:auto}figure:target img{max-width:none}
a{color:#9cf}`

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => `&#${String(one.charCodeAt(0))};`)

/** HTML, one entry per item, each picture also at full size. */
export async function* contactSheet(
  title: string,
  items: AsyncIterable<Shown>,
): AsyncGenerator<Uint8Array> {
  for await (const text of pageOf(title, items)) yield Buffer.from(text)
}

async function* pageOf(title: string, items: AsyncIterable<Shown>): AsyncGenerator<string> {
  yield `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${STYLE}</style><h1>${escaped(title)}</h1>
<p>These images may show who the patient is. Delete this page when you have decided.</p><ol>`
  let entry = 0
  for await (const { label, why, isReleasable, pictures } of items) {
    entry += 1
    const note = isReleasable ? '' : ' — cannot be released'
    yield `<li><strong>${escaped(label)}</strong> ${escaped(why + note)}`
    for (const [index, picture] of pictures.entries()) {
      const id = `i${String(entry)}-${String(index)}`
      const source = `data:image/png;base64,${png(reduced(picture)).toString('base64')}`
      const text = `item ${escaped(label)}, picture ${String(index + 1)}`
      yield `<figure id="${id}"><a href="#${id}"><img alt="${text}" src="${source}"></a><a href="#">close</a></figure>`
    }
    if (pictures.length === 0)
      yield '<p>This item cannot be shown here. Open it with nocturne quarantine open</p>'
    yield '</li>'
  }
  yield '</ol></html>'
}

function reduced(picture: GreyPicture): GreyPicture {
  const factor = Math.ceil(Math.max(picture.width, picture.height) / MOST_SIDE)
  if (factor === 1) return picture
  const width = Math.floor(picture.width / factor)
  const height = Math.floor(picture.height / factor)
  const values = new Uint8Array(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let dy = 0; dy < factor; dy++)
        for (let dx = 0; dx < factor; dx++)
          sum += picture.values[(y * factor + dy) * picture.width + x * factor + dx] ?? 0
      values[y * width + x] = sum / (factor * factor)
    }
  return { width, height, values }
}

/** Greyscale, 8 bits (PNG, W3C Recommendation of 2003, section 11). */
function png({ width, height, values }: GreyPicture): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = 8
  const lines = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    lines.set(values.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  const data = chunk('IDAT', deflateSync(lines, { level: 3 }))
  return Buffer.concat([signature, chunk('IHDR', head), data, chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}
