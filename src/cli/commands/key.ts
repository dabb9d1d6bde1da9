import { defineGroup } from '../command.js'
import type { Register } from '../command.js'
import { registerKeyCheck } from './key-check.js'
import { registerKeyNew } from './key-new.js'
import { registerKeyShow } from './key-show.js'

export const registerKey: Register = (parent, cli) => {
  const group = defineGroup(parent, 'key', 'make and look at OpenPGP keys')
  registerKeyNew(group, cli)
  registerKeyShow(group, cli)
  registerKeyCheck(group, cli)
}
