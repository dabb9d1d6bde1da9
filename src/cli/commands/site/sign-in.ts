import type { readChallenge as ReadChallenge } from '../../../protocol/sign-in-challenge.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError } from '../../command-error.js'
import { withGateway } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'

type Challenge = NonNullable<ReturnType<typeof ReadChallenge>>

interface SignInOptions extends KeyOptions {
  readonly gateway: string
  readonly caFile?: string
  readonly principal: string
  readonly out: string
  readonly json?: boolean
}

export const registerSignIn: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'sign-in',
    summary: "get a token for one shift by signing the gateway's challenge with your key",
    examples: [
      'nocturne sign-in --gateway https://gateway.example.org --principal reader-1 --key reader-1.asc --out reader-1.token',
    ],
  })
  addKeyOptions(command)
    .requiredOption('--gateway <url>', "the gateway's address, such as https://gateway.example.org")
    .requiredOption('--principal <id>', "your ID in the gateway's configuration")
    .requiredOption('--out <file>', 'token file to write, readable only by you')
    .option('--ca-file <file>', "PEM certificates to trust for TLS instead of the system's")
    .action(async (options: SignInOptions) => {
      const output = cli.output(options)
      const { principal, out } = options
      const [{ signDetached }, { readKey }, { writeWholeText }, { parseAnswer }, answers] =
        await Promise.all([
          import('../../../seal/keys/index.js'),
          import('../../key-options.js'),
          import('../../local-write.js'),
          import('../../parse-answer.js'),
          import('../../../protocol/http/gateway.js'),
        ])
      const key = await readKey(options, output)
      const { token, expiresAt } = await withGateway(options, cli, output, async (client) => {
        const { challenge } = parseAnswer(
          answers.challengeAnswer,
          await client.post('/v1/sign-in/challenge', { principal }),
        )
        const { readChallenge } = await import('../../../protocol/sign-in-challenge.js')
        checkChallenge(readChallenge(challenge), options)
        const signature = await signDetached(challenge, key, new Date())
        const answer = await client.post('/v1/sign-in', { principal, challenge, signature })
        return parseAnswer(answers.tokenAnswer, answer)
      })
      await writeWholeText(out, `${token}\n`)
      output.print(`signed in as ${principal} until ${expiresAt}; the token is in ${out}`)
      output.json({ principal, expiresAt, file: out })
    })
}

/**
 * Signs only a challenge, and only one that names the requested gateway and principal: any other
 * text could be an acknowledgement, and another gateway's challenge would let someone sign in there
 * with our signature.
 */
function checkChallenge(
  challenge: Challenge | undefined,
  { gateway, principal }: SignInOptions,
): void {
  const { origin } = new URL(gateway)
  if (challenge?.origin === origin && challenge.principal === principal) return
  throw new CommandError('the gateway sent an unexpected text to sign', {
    code: 'challenge_invalid',
    hint: "give --gateway exactly as the address in the gateway's own configuration; nothing was signed",
  })
}
