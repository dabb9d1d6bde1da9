import { defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { registerTokenIssue } from './token-issue.js'
import { registerTokenList } from './token-list.js'
import { registerTokenRevoke } from './token-revoke.js'

export const registerToken: Register = (parent, cli) => {
  const group = defineGroup(parent, 'token', 'issue, list and revoke bearer tokens for machines')
  registerTokenIssue(group, cli)
  registerTokenList(group, cli)
  registerTokenRevoke(group, cli)
}
