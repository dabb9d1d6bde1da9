import { defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { registerKeyCheck } from '../reader/key-check.js'
import { registerKeyConfirm } from './key-confirm.js'
import { registerKeyNew } from './key-new.js'
import { registerKeyShow } from './key-show.js'

export const registerKey: Register = (parent, cli) => {
  const group = defineGroup(parent, 'key', 'make, show, check and confirm OpenPGP keys')
  registerKeyNew(group, cli)
  registerKeyShow(group, cli)
  registerKeyCheck(group, cli)
  registerKeyConfirm(group, cli)
}
