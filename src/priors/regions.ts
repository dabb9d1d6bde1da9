/**
 * Regions of the body, as far as a description or Body Part Examined names them. Coarse on purpose:
 * a prior of the neighbouring organ is worth more than none. Pure.
 */
const WORDS = {
  head: [
    'head brain skull crani cerebr sinus orbit face facial mandib maxill temporal pituit sella iac',
    'kopf schadel tete cerveau enceph cabeza testa hoofd hersen',
  ],
  neck: ['neck carotid thyroid larynx laryn pharyn parotid hals cou cuello collo schilddruse'],
  chest: [
    'chest thorax thorac lung pulmon rib ribs sternum mediastin cxr cap tap',
    'poumon torax torace longen lunge',
  ],
  heart: ['heart cardi coronar herz coeur corazon cuore hart'],
  breast: ['breast mammo mamma seno sein brustdruse'],
  abdomen: [
    'abdom abd liver hepat kidney renal urogr pancrea spleen splen gallbl biliar bowel colon entero',
    'stomach gastr kub cap tap leber niere foie rein higado rene buik',
  ],
  pelvis: [
    'pelvi hip hips bladder prostat uter ovar rect becken bassin bekken hufte hanche cap tap',
  ],
  spine: [
    'spine spinal cspine tspine lspine lumbar cervic sacr coccyx vertebr myelo',
    'wirbel hws bws lws rachis column colonna wervel',
  ],
  arm: [
    'shoulder arm humer elbow forearm wrist hand finger thumb radius ulna scapula clavic',
    'schulter ellenbogen handgelenk epaule coude poignet main hombro codo',
  ],
  leg: [
    'leg femur knee tibia fibula ankle foot toe calcan patell thigh calf',
    'knie fuss sprunggelenk genou pied cheville rodilla tobillo voet enkel',
  ],
  whole: ['wholebody body ganzkorper'],
} as const

export type Region = keyof typeof WORDS

/** Shorter words must match as a whole: an arm is no army. */
const LEAST_PREFIX = 4

const TABLE = Object.entries(WORDS).flatMap(([region, lines]) =>
  lines.flatMap((line) => line.split(' ').map((word) => [word, region as Region] as const)),
)

/** Regions that any of the texts names; none if no word is familiar. */
export function regionsIn(texts: readonly string[]): ReadonlySet<Region> {
  const found = new Set<Region>()
  for (const word of texts.flatMap(wordsOf))
    for (const [known, region] of TABLE)
      if (word === known || (known.length >= LEAST_PREFIX && word.startsWith(known)))
        found.add(region)
  return found
}

/** `C-SPINE` is one word, `CHEST/ABDOMEN` are two; accents do not count. */
const wordsOf = (text: string): string[] =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/\b([ctl])[- ]spine/g, '$1spine')
    .replace(/\bwhole[- ]body/g, 'wholebody')
    .split(/[^a-z]+/)

/** Whether a reader of one would look at the other. */
export const isRelated = (one: ReadonlySet<Region>, other: ReadonlySet<Region>): boolean =>
  [one, other].some((regions) => regions.has('whole')) ||
  [...one].some((region) => other.has(region))
