import { collect, transferId } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { count, formatFingerprint } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { readKey } from '../../key-options.js'
import type { Output } from '../../output.js'
import type { Command } from 'commander'

export interface CrosswalkOptions {
  readonly crosswalk: string
  readonly key: readonly string[]
  readonly passphraseFile?: string
  readonly gatewayCertificate?: string
  readonly json?: boolean
}

/** `--crosswalk`, `--key` once per key, and `--passphrase-file`. */
export const addCrosswalkOptions = (command: Command): Command =>
  command
    .requiredOption(
      '--crosswalk <dir>',
      'folder of sealed crosswalks, from nocturne crosswalk fetch',
    )
    .requiredOption(
      '--key <file>',
      "the facility's private key; repeat the option for keys of earlier years",
      collect,
    )
    .option('--passphrase-file <file>', 'file that contains the passphrase of the keys')
    .option(
      '--gateway-certificate <file>',
      'trust only this certificate for crosswalk signatures, not those that `fetch` saved in the folder',
    )

/** The lines, read again on each call; warns once about each file that the keys do not open. */
export async function crosswalkLines(options: CrosswalkOptions, output: Output) {
  const { passphraseFile } = options
  const keys = await Promise.all(
    options.key.map((key) =>
      readKey({ key, ...(passphraseFile !== undefined && { passphraseFile }) }, output),
    ),
  )
  const { readCrosswalks } = await import('../../facility/crosswalk-lines.js')
  const told = new Set<string>()
  const skip = (file: string) => {
    if (!told.has(file)) output.warn(`none of the given keys opens ${file}`)
    told.add(file)
  }
  const gateways = new Map<string, string>()
  const trust = {
    certificateFile: options.gatewayCertificate,
    signed: (gateway: string, fingerprint: string) => void gateways.set(fingerprint, gateway),
  }
  return {
    keys,
    lines: () => readCrosswalks(options.crosswalk, keys, skip, trust),
    /** After the last line: who signed them. */
    printSigners: () => {
      for (const [fingerprint, gateway] of gateways)
        output.print(`signed by ${gateway}, ${formatFingerprint(fingerprint)}`)
      return [...gateways].map(([fingerprint, gateway]) => ({ gateway, fingerprint }))
    },
  }
}

export const registerCrosswalk: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'crosswalk',
    "translate pseudonyms back to patients, on the facility's own machine",
  )
  registerFetch(group, cli)
  registerExport(group, cli)
}

function registerFetch(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'fetch',
    summary: 'fetch the sealed crosswalks that are not in a folder yet',
    examples: [
      'nocturne crosswalk fetch --out crosswalk --gateway https://gateway.example.org --token-file facility-a.token',
    ],
  })
  addGatewayOptions(command)
    .requiredOption('--out <dir>', 'folder to keep the sealed crosswalks in')
    .option('--transfer <id>', 'only the crosswalks of one transfer', transferId)
    .action(
      async (
        options: GatewayOptions & {
          readonly out: string
          readonly transfer?: string
          readonly json?: boolean
        },
      ) => {
        const output = cli.output(options)
        const { fetchCrosswalks } = await import('../../facility/crosswalk.js')
        const { out, transfer } = options
        const report = await withGateway(options, cli, output, (client) =>
          fetchCrosswalks(client, out, transfer, cli.signal),
        )
        output.json(report)
        output.print(`${count(report.fetched, 'crosswalk')} fetched, ${report.known} already there`)
        const { fingerprint, isNew } = report.gateway
        if (!isNew) return
        output.print(
          `the gateway's certificate is new on this machine: ${formatFingerprint(fingerprint)}`,
        )
        output.print(
          '  compare this fingerprint with the one from the operator: crosswalks it signed are trusted from now on',
        )
      },
    )
}

function registerExport(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'export',
    summary: 'write old and new UIDs and patient IDs in clear, as CSV and JSON',
    examples: ['nocturne crosswalk export --crosswalk crosswalk --key facility-a.asc --out tables'],
  })
  addCrosswalkOptions(command)
    .requiredOption('--out <dir>', 'folder for uid_mapping.csv, patid_mapping.csv, crosswalk.json')
    .action(async (options: CrosswalkOptions & { readonly out: string }) => {
      const output = cli.output(options)
      const { exportCrosswalk } = await import('../../facility/crosswalk-export.js')
      const { lines, printSigners } = await crosswalkLines(options, output)
      const done = await exportCrosswalk(lines, options.out)
      output.json({ ...done, signedBy: printSigners() })
      output.print(
        `${count(done.uids, 'UID')} and ${count(done.patients, 'patient')} of ${count(done.items, 'item')}, in clear:`,
      )
      for (const file of done.files) output.print(`  ${file}`)
    })
}
