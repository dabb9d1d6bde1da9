/**
 * The network map as a drawing: origin on the left, medium in the middle, distant sites on the
 * right. It has a title and a description, so that a screen reader tells what it shows; every box
 * has a title of its own.
 */
import type { SafeguardMap, Station } from './map.js'

const BOX = { width: 270, height: 74, gap: 26 } as const
const COLUMNS = { origin: 30, medium: 365, distant: 700 } as const
const WIDTH = 1_000
const TOP = 96

interface Placed {
  readonly station: Station
  readonly x: number
  readonly y: number
}

export function mapSvg(map: SafeguardMap): string {
  const boxes = placed(map)
  const height = Math.max(...boxes.map(({ y }) => y), TOP) + BOX.height + 30
  const weak = boxes.reduce((sum, { station }) => sum + station.weak.length, 0)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    `<title id="title">Safeguards of ${xml(map.gateway)}, ${map.at.slice(0, 10)}</title>`,
    `<desc id="desc">${xml(describe(boxes, weak))}</desc>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...(['origin', 'medium', 'distant'] as const).map(
      (role) =>
        `<text x="${COLUMNS[role]}" y="46" font-size="18" font-weight="bold" fill="#10233f">${HEADS[role]}</text>`,
    ),
    ...lines(boxes, map),
    ...boxes.map(boxSvg),
    '</svg>\n',
  ]
  return parts.join('\n')
}

const HEADS = { origin: 'Origin', medium: 'Medium', distant: 'Distant site' } as const

/** Each station once, in the order of the pages. */
function placed({ pages }: SafeguardMap): readonly Placed[] {
  const rows = { origin: 0, medium: 0, distant: 0 }
  const seen = new Map<string, Placed>()
  for (const station of pages.flatMap(({ stations }) => stations)) {
    const key = `${station.role} ${station.title}`
    if (seen.has(key)) continue
    const y = TOP + rows[station.role] * (BOX.height + BOX.gap)
    rows[station.role] += 1
    seen.set(key, { station, x: COLUMNS[station.role], y })
  }
  return [...seen.values()]
}

/** From each origin to the gateway, and from the gateway to everything else. */
function lines(boxes: readonly Placed[], { gateway, pages }: SafeguardMap): readonly string[] {
  const centre = boxes.find(({ station }) => station.title === gateway)
  if (!centre) return []
  const isStored = new Set(
    pages
      .filter(({ kind }) => kind === 'store')
      .flatMap(({ stations }) => stations.map(({ title }) => title)),
  )
  return boxes.flatMap(({ station, x, y }) => {
    if (station.title === gateway) return []
    const middle = y + BOX.height / 2
    const from = centre.y + BOX.height / 2
    const dash = isStored.has(station.title) ? ' stroke-dasharray="6 4"' : ''
    const line =
      station.role === 'origin'
        ? `M${x + BOX.width} ${middle} C${x + BOX.width + 30} ${middle} ${centre.x - 30} ${from} ${centre.x} ${from}`
        : station.role === 'medium'
          ? `M${centre.x + BOX.width / 2} ${centre.y + BOX.height} L${x + BOX.width / 2} ${y}`
          : `M${centre.x + BOX.width} ${from} C${centre.x + BOX.width + 30} ${from} ${x - 30} ${middle} ${x} ${middle}`
    return [`<path d="${line}" fill="none" stroke="#5b6b82" stroke-width="1.5"${dash}/>`]
  })
}

function boxSvg({ station, x, y }: Placed): string {
  const { title, weak, facts } = station
  const isWeak = weak.length > 0
  const [name, value] = facts[0] ?? ['', '']
  const state = isWeak
    ? `${weak.length} weak ${weak.length === 1 ? 'point' : 'points'}`
    : 'no weak point found'
  return [
    `<g><title>${xml(`${title}: ${isWeak ? weak.map(({ problem }) => problem).join('; ') : state}`)}</title>`,
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="${isWeak ? '#fff4e5' : '#eef5ff'}" stroke="${isWeak ? '#8a4b00' : '#1f4e8c'}" stroke-width="${isWeak ? 2.5 : 1.5}"/>`,
    `<text x="${x + 12}" y="${y + 24}" font-weight="bold" fill="#10233f">${xml(cut(title, 32))}</text>`,
    `<text x="${x + 12}" y="${y + 43}" fill="#33445c">${xml(cut(`${name}: ${value}`, 38))}</text>`,
    `<text x="${x + 12}" y="${y + 62}" fill="${isWeak ? '#8a4b00' : '#1f4e8c'}">${state}</text>`,
    '</g>',
  ].join('')
}

const describe = (boxes: readonly Placed[], weak: number): string => {
  const of = (role: Station['role']) =>
    boxes.filter(({ station }) => station.role === role).map(({ station }) => station.title)
  return `Studies come from ${of('origin').join(', ') || 'nobody yet'}, pass ${of('medium').join(', ')}, and go to ${of('distant').join(', ')}. ${weak} weak points were found; safeguards.pdf lists each with its next step.`
}

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`

const xml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\p{Cc}|[\ufffe\uffff]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
