/**
 * Words that no list can cover completely: compounds, and medical terms built from Greek and Latin.
 */
import {
  ANATOMY,
  CHANGES_MEANING,
  CONTRAST,
  FINDING,
  PARTNER,
  SIDE,
  TECHNIQUE,
  TITLE,
} from './roles.js'

/** Endings that no family name has, in the seven languages, without accents. */
const ENDINGS = (
  'cystite arthrite bronchite tendinite synovite phlebite radiculite osteite nephrite ' +
  'nevrite onite itis ectomy ostomy otomy oscopy ography ographic ogram opathy oplasty emia ' +
  'aemia megaly algia osclerosis stenosis thrombosis fibrosis necrosis plegia trophy ' +
  'trophic rrhage rrhagic sarcoma carcinoma adenoma blastoma lymphoma fibroma angioma ' +
  'cytoma lithiasis ectasia plasia plastic malacia ptysis uria edema oedema genesis ostosis ' +
  'arthrosis ologic ological ektomie otomie ostomie oskopie ographie ografie ogramm opathie ' +
  'oplastik amie aemie megalie algie sklerose stenose thrombose fibrose nekrose arthrose ' +
  'plegie trophie rrhagie karzinom sarkom ektasie plasie fraktur frakturen gelenk gelenks ' +
  'gelenke entzundung schmerz schmerzen schwellung verletzung blutung metastasen infarkt ' +
  'verschluss erguss ruptur lasion zyste verkalkung verkalkungen knochen wirbel drusen ' +
  'arterie arterien venen untersuchung ectomie stomie scopie emie rragie carcinome sarcome ' +
  'adenome lithiase ectasie plastie ectomia otomia ostomia oscopia ografia ograma opatia ' +
  'oplastia plastica megalia rragia litiasis litiasi litiase osclerosi osclerose trofia ' +
  'trofico trofica itide osite fractuur fracturen ontsteking bloeding gewricht slagader ' +
  'trombose carcinoom sarcoom adenoom klachten letsel pathie grafie ' +
  // Treatments, measurements and conditions, as each language ends them.
  'laxia laxis laxie noxia therapy therapie terapia metry metrie metria ologie ologia ology ' +
  'tomie tomia lysis lyse paresis paresie paresia penia penie dynia dynie dinia phagia ' +
  'phagie fagia pnea pnoe rrhea rrhoea rrhoe rrhee rreia sclerotic sklerotisch stenotic ' +
  'stenotique stenotico scopic skopisch scopique scopico grafico grafica grafisch grafische ' +
  'graphique graphisch logisch logische logico logica logique neoadjuvant neoadjuvante ' +
  // Adjectives of place, with whatever prefix.
  'cardial cardiaque kardial cardiaco vascular vaskular vaskulare vasculaire vascolare ' +
  'vasculair thoracic thorakal thorakale thoracique toracico toracica abdominal abdominale ' +
  'abdominaux abdominales femoral femorale femorales tibial tibiale tibiales fibular ' +
  'fibulare ulnare radiale vertebral vertebrale vertebraux vertebrales sacral sacrale ' +
  'sacrales lumbal lumbale lombaire lumbar lumbares lombare lombari cranial kranial ' +
  'kraniale cranien cranienne craneal craneales articular artikular artikulare articulaire ' +
  'articolare articulares muscular muskular muskulare musculaire muscolare musculares ' +
  'condylar kondylar kondylare condylien condylienne clavicular claviculaire klavikular ' +
  'klavikulare clavicolare acromial acromiale akromial patellar patellare patellaire ' +
  'pleural pleurale pleuraux pulmonary pulmonal pulmonale pulmonaire pulmonar bronchial ' +
  'bronchiale hepatic hepatique hepatisch hepatico hepatica vesical vesicale ureteral ' +
  'ureterale genital genitale jugular jugulaire jugulare jugulares popliteal poplitee ' +
  'popliteale popliteo poplitea laryngeal laryngeale pharyngeal mandibular mandibulaire ' +
  'mandibolare orbital orbitaire orbitale ocular oculaire oculare lingual linguale mental ' +
  'costal costale costaux intercostal glandular glandulaire tendinous tendineux ' +
  'ligamentaire ligamentar capsulaire capsular trochanteric trochantar pertrochantar ' +
  'occlusive oclusiva okklusiv fasciitis vasculitis infectieux infectieuse'
).split(' ')
const LONGEST = Math.max(...ENDINGS.map((ending) => ending.length))
const endings: ReadonlySet<string> = new Set(ENDINGS)
/** With fewer letters before its ending, a word could be a name. */
const STEM = 3

export function isClinical(folded: string): boolean {
  if (folded.length < 7 || !/^[a-z]+$/.test(folded)) return false
  for (let length = Math.min(LONGEST, folded.length - STEM); length >= 4; length--)
    if (endings.has(folded.slice(-length))) return true
  return false
}

/** Minimum letters in each part of a German or Dutch compound. */
const PART = 3
const MAX_WORD = 48
/** Linking letters between two parts: Kniegelenk-s-erguss. */
const LINKS = ['', 's', 'n', 'en', 'es', 'e', 'o', 'er']
/** Parts that occur only before others. */
const PREFIXES: ReadonlySet<string> = new Set(
  'anterior antero arterio arthro auto bi bili broncho cardio cerebro cervico chole colo cranio cysto derma dorso endo entero epi extra fibro gastro gyn hemi hepato hyper hypo iliaco infra inter intra ischio kosto kranio lateral leuko lumbo lympho mammo mega micro mikro mono multi musculo myo naso nephro neuro osteo para patello peri pleuro pneumo poly polio post postero prae pre pro pseudo pyelo radio retro sacro semi spondylo sub supra thoraco thorako thrombo trans tri uro utero vaso ventro vertebro haupt neben ober unter vor hinter innen aussen mittel vorder zwischen rest rand teil voll wieder zusatz gross klein'.split(
    ' ',
  ),
)
const CONTENT = ANATOMY | FINDING | TECHNIQUE | CONTRAST

/**
 * The combined roles of a word whose parts are all known, at least one of them anatomy or a
 * finding; otherwise 0. If a part changes the meaning of others, so does the whole:
 * `Frakturausschluss`.
 */
export function compoundOf(folded: string, rolesOf: (part: string) => number): number {
  if (folded.length < 7 || folded.length > MAX_WORD) return 0
  const letters = /^[a-z]+$/.test(folded)
  if (!letters) return spacedByDigits(folded, rolesOf)
  // Indexed by end: the roles of the parts that lead up to it; undefined if no sequence of parts
  // does.
  const reached: (number | undefined)[] = [0]
  for (let end = PART; end <= folded.length; end++) {
    for (let start = 0; start <= end - PART; start++) {
      const before = reached[start]
      if (before === undefined) continue
      const roles = partOf(folded.slice(start, end), end === folded.length, rolesOf)
      if (roles === 0) continue
      for (const link of end === folded.length ? [''] : LINKS) {
        if (!folded.startsWith(link, end)) continue
        const at = end + link.length
        reached[at] = (reached[at] ?? 0) | before | roles
      }
    }
  }
  const roles = reached[folded.length] ?? 0
  return (roles & (ANATOMY | FINDING)) === 0 ? 0 : roles & ~(TITLE | PARTNER)
}

function partOf(part: string, isLast: boolean, rolesOf: (part: string) => number): number {
  if (!isLast && PREFIXES.has(part)) return TECHNIQUE
  const roles = rolesOf(part)
  if ((roles & PARTNER) !== 0) return 0
  // Short everyday words occur inside names by coincidence, most of all at their end (`-statt`).
  if (part.length < (isLast ? 6 : 4) && (roles & (ANATOMY | FINDING)) === 0) return 0
  return roles & (CONTENT | CHANGES_MEANING)
}

/** `fl3d`, `head2`, `t1tse`: letters and numbers in alternation, with all letters known. */
function spacedByDigits(folded: string, rolesOf: (part: string) => number): number {
  const parts = folded.match(/[a-z]+|\d+/g) ?? []
  if (parts.join('') !== folded || parts.length > 5) return 0
  let roles = 0
  for (const part of parts) {
    if (/^\d/.test(part)) {
      if (part.length > 3) return 0
      continue
    }
    const own = rolesOf(part)
    if ((own & (CONTENT | SIDE)) === 0) return 0
    roles |= own
  }
  return roles & ~TITLE
}
