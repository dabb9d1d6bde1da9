/** What the folder of an edge says about its gateway, as options of a command. */
import { resolve } from 'node:path'
import { CommandError } from '../command-error.js'
import type { GatewayOptions } from '../gateway-options.js'
import { isEdge } from '../../edge/folder.js'
import { readSettings } from '../../edge/settings.js'
import type { EdgeSettings } from '../../edge/settings.js'

export interface OwnEdge {
  /** Absolute. */
  readonly dir: string
  readonly settings: EdgeSettings
  readonly options: GatewayOptions & { readonly tokenFile: string }
}

/** @throws CommandError `file_unreadable` for a folder that is no edge; `site_invalid` */
export async function ownEdge(folder: string): Promise<OwnEdge> {
  const dir = resolve(folder)
  if (!(await isEdge(dir)))
    throw new CommandError(`no edge in ${dir}`, {
      code: 'file_unreadable',
      hint: 'make one with nocturne edge init, or give its folder with --site',
    })
  const settings = await readSettings(dir)
  const { gateway, tokenFile, caFile } = settings
  return {
    dir,
    settings,
    options: {
      gateway,
      tokenFile: resolve(dir, tokenFile),
      ...(caFile !== undefined && { caFile: resolve(dir, caFile) }),
    },
  }
}
