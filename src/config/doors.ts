/** Checks of the doors other than HTTP, and of the routing of studies. */
import { X509Certificate } from 'node:crypto'
import type { SiteDraft } from './yaml/draft.js'
import { shorten } from './yaml/expectations.js'
import { readText, resolvePath } from './files.js'
import type { SiteProblem } from './site-config.js'
import { isLoopback } from './listen.js'
import type { Finding } from './yaml/finding.js'
import { nearest } from './yaml/suggest.js'
import { checkTls } from './tls.js'
import type { DimseConfig, DoorsConfig, MllpConfig, PriorsConfig } from './doors-config.js'
import type { DoorsFile } from './yaml/doors-schema.js'
import type { SiteFile } from './yaml/schema.js'

/** Finds unknown facilities, and callers that are bound to nothing. */
export function checkDoorReferences(site: SiteDraft): Finding[] {
  return [
    ...checkPort(site, 'dimse'),
    ...checkPort(site, 'mllp'),
    ...checkPriors(site),
    ...checkRules(site),
  ]
}

function checkPort({ doors, facilities }: SiteDraft, door: 'dimse' | 'mllp'): Finding[] {
  const port = doors?.[door]
  if (!port) return []
  const ids = facilities.map(({ id }) => id).filter((id) => id !== undefined)
  const at = ['doors', door]
  const beyond = !isLoopback(port.listen.host)
  const unprotected: Finding[] =
    beyond && !port.tls && port.plainFrom.length === 0
      ? [
          {
            at: [...at, 'listen'],
            problem: 'is reachable from other machines, but none of them could connect',
            hint: 'add tls with cert and key, or list in plainFrom the addresses that may connect without TLS',
          },
        ]
      : []
  const peers: readonly { facility: string; certificate?: string | undefined }[] = port.peers
  return [
    ...unprotected,
    ...peers.flatMap(({ facility, certificate }, index): Finding[] => {
      const place = [...at, 'peers', index]
      const found: Finding[] = []
      if (!ids.includes(facility)) {
        const meant = nearest(facility, ids)
        found.push({
          at: [...place, 'facility'],
          problem: `names an unknown facility, ${shorten(facility)}`,
          hint:
            meant === undefined
              ? 'write the ID of one of the facilities'
              : `did you mean ${meant}?`,
        })
      }
      if (certificate !== undefined && !port.tls) {
        found.push({
          at: [...place, 'certificate'],
          problem: 'works only with TLS, which this door does not have',
          hint: `add doors.${door}.tls with cert and key`,
        })
      }
      return found
    }),
  ]
}

/** The images that C-MOVE asks for come in through the DIMSE door. */
const checkPriors = ({ doors, facilities }: SiteDraft): Finding[] =>
  facilities.flatMap(({ id, priors }, index): Finding[] => {
    if (priors?.aeTitle === undefined) return []
    const isPeer = doors?.dimse?.peers.some(
      ({ aeTitle, facility }) => aeTitle === priors.aeTitle && facility === id,
    )
    return isPeer === true
      ? []
      : [
          {
            at: ['facilities', index, 'priors', 'aeTitle'],
            problem: 'is not a peer that may send studies of this facility',
            hint: `add { aeTitle: ${shorten(priors.aeTitle)}, facility: ${shorten(id ?? 'ID')} } to doors.dimse.peers`,
          },
        ]
  })

function checkRules({ intake, facilities, groups }: SiteDraft): Finding[] {
  const known = { facility: facilities.map(({ id }) => id), group: groups.map(({ id }) => id) }
  return (intake?.rules ?? []).flatMap(({ when, then }, index) => {
    const at = ['intake', 'rules', index]
    const unknown = (what: 'facility' | 'group', named: readonly string[], place: string[]) =>
      named
        .filter((id) => !known[what].includes(id))
        .map((id): Finding => {
          const ids = known[what].filter((one) => one !== undefined)
          const meant = nearest(id, ids)
          return {
            at: [...at, ...place],
            problem: `names an unknown ${what}, ${shorten(id)}`,
            hint: meant === undefined ? `write the ID of a ${what}` : `did you mean ${meant}?`,
          }
        })
    return [
      ...unknown('facility', when.facility ?? [], ['when', 'facility']),
      ...unknown('group', then.group === undefined ? [] : [then.group], ['then', 'group']),
      ...(then.hold === true && then.group !== undefined ? [heldForGroup(at)] : []),
    ]
  })
}

const heldForGroup = (at: Finding['at']): Finding => ({
  at: [...at, 'then'],
  problem: 'names a group and also holds the study until a person names one',
  hint: 'remove either group or hold',
})

const PEER_HINT = 'write the path of a PEM file with the certificate of the peer or its authority'

/** Checks that the files exist, are readable, belong together, and are currently valid. */
export async function checkDoorFiles(
  dir: string,
  { doors }: SiteDraft,
  now: Date,
): Promise<SiteProblem[]> {
  const all = await Promise.all(
    (['dimse', 'mllp'] as const).map((door) => checkFiles(dir, door, doors?.[door], now)),
  )
  return all.flat()
}

async function checkFiles(
  dir: string,
  door: string,
  port: Pick<NonNullable<DoorsFile['mllp'] | DoorsFile['dimse']>, 'tls' | 'peers'> | undefined,
  now: Date,
): Promise<SiteProblem[]> {
  if (!port) return []
  const hint = `write to doors.${door}.tls.cert the path of the certificate with its chain, and to key the path of its key without passphrase`
  const problems = port.tls ? [...(await checkTls(dir, port.tls, now, hint)).problems] : []
  for (const { certificate } of port.peers) {
    if (certificate === undefined) continue
    const name = shorten(certificate)
    const file = await readText(resolvePath(dir, certificate), name, PEER_HINT)
    if (file.problem) problems.push({ path: name, ...file.problem })
    else if (!isCertificate(file.text)) {
      problems.push({ path: name, problem: 'is not a certificate in PEM', hint: PEER_HINT })
    }
  }
  return problems
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text)
    return true
  } catch {
    return false
  }
}

export function buildDoors(dir: string, { stow, dimse, mllp }: DoorsFile): DoorsConfig {
  return {
    stow,
    ...(dimse && { dimse: buildDimse(dir, dimse) }),
    ...(mllp && { mllp: buildMllp(dir, mllp) }),
  }
}

type PortFile = Pick<NonNullable<DoorsFile['dimse']>, 'listen' | 'tls' | 'plainFrom'>

const portOf = (dir: string, { listen: place, tls, plainFrom }: PortFile) => ({
  ...place,
  ...(tls && { tls: { cert: resolvePath(dir, tls.cert), key: resolvePath(dir, tls.key) } }),
  plainFrom,
})

const certificateOf = (dir: string, certificate: string | undefined) =>
  certificate === undefined ? {} : { certificate: resolvePath(dir, certificate) }

const buildMllp = (dir: string, mllp: NonNullable<DoorsFile['mllp']>): MllpConfig => ({
  ...portOf(dir, mllp),
  peers: mllp.peers.map(({ certificate, ...peer }) => ({
    ...peer,
    ...certificateOf(dir, certificate),
  })),
})

const buildDimse = (dir: string, dimse: NonNullable<DoorsFile['dimse']>): DimseConfig => ({
  ...portOf(dir, dimse),
  aeTitle: dimse.aeTitle,
  peers: dimse.peers.map(({ certificate, report, ...peer }) => ({
    ...peer,
    ...(report && { report }),
    ...certificateOf(dir, certificate),
  })),
})

export function buildPriors(
  dir: string,
  priors: NonNullable<SiteFile['facilities'][number]['priors']>,
): PriorsConfig {
  const { aeTitle = '', address, url, authorizationFile, ca, ...rule } = priors
  if (address) return { ...rule, ask: { kind: 'dimse', aeTitle, ...address } }
  return {
    ...rule,
    ask: {
      kind: 'web',
      url: `${(url ?? '').replace(/\/+$/, '')}/`,
      ...(authorizationFile !== undefined && {
        authorizationFile: resolvePath(dir, authorizationFile),
      }),
      ...(ca !== undefined && { ca: resolvePath(dir, ca) }),
    },
  }
}
