import { join } from 'node:path'
import type { SiteProblem, SiteSurvey } from '../../config/index.js'
import { asNocturneError, CATALOGUE } from '../../lib/errors.js'
import { inspectCertificate, problemOfSigner, readPrivateKey } from '../../seal/keys/index.js'
import { readSmallText } from '../secret-file.js'

export const GATEWAY_CERTIFICATE = 'keys/gateway.asc'
const GATEWAY_KEY = 'secrets/gateway.asc'

export interface GatewayKeyCheck {
  readonly problems: readonly SiteProblem[]
  /** When it expires; undefined when it does not, or when there is a problem already. */
  readonly signsUntil: Date | undefined
}

/** The private key that signs manifests, and the certificate that readers verify them with. */
export async function checkGatewayKey(
  { dir, gatewayKey, keyPolicy }: SiteSurvey,
  now: Date,
): Promise<GatewayKeyCheck> {
  if (gatewayKey === undefined) return { problems: [], signsUntil: undefined }
  try {
    const { fingerprint, certificate } = await readPrivateKey(gatewayKey)
    const handedOut = await readSmallText(join(dir, GATEWAY_CERTIFICATE))
    if ((await inspectCertificate(handedOut, now, keyPolicy)).fingerprint !== fingerprint)
      return failed(NOT_OF_THE_KEY)
    // The gateway uses the expiry in this file: extending it only in the other file has no effect.
    const report = await inspectCertificate(certificate, now, keyPolicy)
    const unfit = problemOfSigner(report)
    if (!unfit) return { problems: [], signsUntil: report.signsUntil }
    const { title, hint } = CATALOGUE.gateway_key_unfit
    return failed({ path: GATEWAY_KEY, problem: `${title}: ${unfit.reason}`, hint })
  } catch (error) {
    const { code, message, hint } = asNocturneError(error, 'file_unreadable')
    if (code === 'file_unreadable') return failed(NOT_OF_THE_KEY)
    return failed({ path: GATEWAY_KEY, problem: message, hint })
  }
}

const NOT_OF_THE_KEY = {
  path: GATEWAY_CERTIFICATE,
  problem: 'is not the certificate of secrets/gateway.asc',
  hint: 'restore both from the same backup: readers verify manifests with this certificate',
}

const failed = (problem: SiteProblem): GatewayKeyCheck => ({
  problems: [problem],
  signsUntil: undefined,
})
