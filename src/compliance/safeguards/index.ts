/**
 * Safeguards from origin to distant site, as data, drawing, inventory and print: the network map
 * and the asset inventory of the site.
 */
export { inventoryCsv } from './inventory.js'
export { mapOf } from './map.js'
export type { DoorFacts, MapSources, SafeguardMap } from './map.js'
export { safeguardsPdf } from './pdf.js'
export { mapSvg } from './svg.js'
