import type { CertificateReport } from '../../../seal/keys/index.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { about, EXIT } from '../../command-error.js'
import { formatDay, formatFingerprint } from '../../format.js'
import type { Output } from '../../output.js'

interface ShowOptions {
  readonly allowRsa2048?: boolean
  readonly fips?: boolean
  readonly json?: boolean
}

export const registerKeyShow: Register = (parent, cli) => {
  define(parent, {
    usage: 'show <file>',
    summary:
      'show the fingerprint, algorithms and expiry of a key, and whether the policy accepts it',
    examples: ['nocturne key show keys/reader-1.asc'],
  })
    .option('--allow-rsa-2048', 'apply the policy of a site with keys: { allowRsa2048: true }')
    .option('--fips', 'apply the policy of a site with keys: { fips: true }')
    .action(async (file: string, options: ShowOptions) => {
      const { allowRsa2048 = false, fips = false } = options
      const inspect = (text: string) => inspectCertificate(text, new Date(), { allowRsa2048, fips })
      const output = cli.output(options)
      const [{ certificateOf, inspectCertificate }, { readSmallText }] = await Promise.all([
        import('../../../seal/keys/index.js'),
        import('../../secret-file.js'),
      ])
      const text = await readSmallText(file)
      const given = await inspect(text)
      // For a private key, its certificate is shown, with a reminder that the file must stay
      // private.
      const isSecret = given.problems.some(({ code }) => code === 'certificate_is_secret')
      const certificate = isSecret
        ? await certificateOf(text).catch((error: unknown) => {
            throw about(file, error)
          })
        : undefined
      const report = certificate === undefined ? given : await inspect(certificate)
      show(output, report, isSecret)
      output.json({ isPrivateKey: isSecret, isAccepted: report.problems.length === 0, ...report })
      if (report.problems.length > 0) output.exitCode = EXIT.failed
    })
}

/** GnuPG, up to 2.4, reads version 4 keys and SEIPD version 1. */
function gnupgOf({ version, takesSeipd2 }: CertificateReport): string {
  if (version !== 4) return `cannot use a key of version ${version}`
  return takesSeipd2
    ? 'can use the key, but cannot open what is sealed to it; make one with key new --gnupg for that'
    : 'can open what is sealed to it'
}

function show(output: Output, report: CertificateReport, isSecret: boolean): void {
  if (isSecret) output.print('this file contains a private key: share only its certificate')
  if (report.fingerprint !== '') {
    output.print(`fingerprint  ${formatFingerprint(report.fingerprint)}`)
    for (const userId of report.userIds) output.print(`user id      ${userId}`)
    output.print(`made         ${formatDay(report.createdAt)}`)
    output.print(`expires      ${formatDay(report.expiresAt)}`)
    output.print(
      `version      ${report.version}${report.takesSeipd2 ? ', supports SEIPD v2 with AES-256-GCM' : ''}`,
    )
    output.print(`GnuPG        ${gnupgOf(report)}`)
    for (const { algorithm, bits, curve, uses, expiresAt } of report.keys) {
      const size = curve ?? (bits === undefined ? '' : `${bits} bits`)
      const until = expiresAt === undefined ? '' : `until ${formatDay(expiresAt)}`
      output.print(
        `key          ${[algorithm, size, uses.join('+'), until].filter(Boolean).join(', ')}`,
      )
    }
  }
  if (report.problems.length === 0) output.print('policy       accepted')
  for (const { code, reason } of report.problems)
    output.print(`policy       refused: ${code}, ${reason}`)
}
