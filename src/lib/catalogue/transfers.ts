/** Transfers, and the stores and the ledger behind them. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const TRANSFERS = {
  unknown_group: entry(
    422,
    'this facility does not send to such a group',
    "name one of the groups in the facility's configuration",
  ),
  recipient_unusable: entry(
    422,
    'a certificate this transfer must be sealed to cannot be used',
    'run `nocturne check` on the gateway, and replace the certificate it names',
  ),
  transfer_not_open: entry(
    409,
    'the transfer is no longer open',
    'start a new transfer for further files',
  ),
  process_died: entry(
    503,
    'the gateway process ended while it was taking these files',
    'send them again: nothing of that request was kept',
  ),
  transfer_not_available: entry(
    409,
    'the transfer is not available',
    'it may be open still, or given up; look at its state',
  ),
  transfer_empty: entry(
    409,
    'the transfer holds no accepted item',
    'add a file before you complete it',
  ),
  recipient_not_allowed: entry(
    422,
    'this recipient cannot be added or removed',
    'only readers of the group can be added, and only those who left it can be removed',
  ),
  key_packets_invalid: entry(
    422,
    'the key packets do not fit the transfer and its new recipient',
    'fetch them anew with `nocturne rewrap` and send one for each envelope',
  ),
  facility_key_unknown: entry(
    503,
    'the secret of the facility is not the one that its pseudonyms come from',
    'restart the gateway after `nocturne facility rotate-key`, with the same files on each; or restore the secret',
  ),
  quarantine_not_held: entry(
    409,
    'the item is no longer in quarantine',
    'somebody has released or discarded it: see `nocturne quarantine list --all`',
  ),
  not_waivable: entry(
    422,
    'an item that was held for this reason cannot be released',
    'look at it with `nocturne quarantine open`, correct it and resend, or discard it',
  ),
  release_invalid: entry(
    422,
    'the release does not match what is held, or is not signed by the facility',
    "run `nocturne quarantine release` with the facility's own key",
  ),
  already_claimed: entry(
    409,
    'the transfer is claimed already',
    'choose another transfer, or ask the reader who claimed it to release it',
  ),
  claim_unproven: entry(
    428,
    'a claim needs the proof that you can open the case',
    'sign the challenge with `nocturne claim CASE --key FILE`, or answer the sealed one as the README shows',
  ),
  case_state: entry(
    409,
    'the state of the case does not allow this',
    'look at it with `nocturne case show CASE`',
  ),
  case_mismatch: entry(
    422,
    'the transfer and the case are not of the same facility and group',
    'name a case of the same facility and group, or send without one',
  ),
  not_a_reader: entry(
    422,
    'this person does not read for the group of the case',
    'name a reader of the group',
  ),
  push_not_allowed: entry(
    422,
    'the push service of this browser is not on the list of this site',
    'ask the operator to add its host to notify.push.hosts',
  ),
  report_invalid: entry(
    422,
    'the report is not sealed to the facility, or not signed by its reader',
    'send it with `nocturne report`, which seals and signs it',
  ),
  report_out_of_turn: entry(
    409,
    'such a report cannot follow what the case has',
    'a final report ends a preliminary one, and what comes after a final report is an addendum',
  ),
  ris_unreachable: entry(
    502,
    'the RIS did not answer',
    'check its address and TLS; the report is kept and is sent again',
  ),
  ris_refused: entry(
    502,
    'the RIS refused the report',
    'look into its log; the report is kept and is sent again',
  ),
  swap_invalid: entry(
    422,
    'the swap of duty makes no sense',
    'name two readers, and a time of at most 31 days that is not over',
  ),
  not_claimed: entry(409, 'you do not hold the claim', 'claim the transfer first'),
  acknowledgement_invalid: entry(
    422,
    'the acknowledgement does not match what was sealed',
    'open the transfer again and sign what you opened; if it fails again, tell the operator',
  ),

  store_unavailable: entry(
    503,
    'the object store cannot be reached',
    'nothing was kept; send it again later, the operator is told by /readyz',
  ),
  store_replaced: entry(
    503,
    'the object store is not the one that the ledger was published in: it holds no log',
    'mount or name the right one; when it is lost, or was left behind on purpose, `nocturne audit restore --acknowledge-loss --site DIR` goes on without it',
  ),
  store_full: entry(
    507,
    'the object store is full',
    'nothing was kept; the operator must make room',
  ),
  object_missing: entry(
    500,
    'stored data is missing or changed',
    'tell the operator; the ledger tells what was stored',
  ),
  database_unavailable: entry(
    503,
    'the database cannot be reached',
    'nothing was kept; send it again later',
  ),
  database_unusable: entry(
    503,
    'the database cannot be used as it is configured',
    'the operator must look at its address, name, user and password, or at the file and its rights: `nocturne check`',
  ),
  database_newer: entry(
    503,
    'the database was migrated by a newer version of nocturne',
    'start that version, or restore a copy of the database from before the migration',
  ),
  gateways_older: entry(
    503,
    'the database must be migrated, and gateways of an older version are running on it',
    'stop them all, then start this version; after a crash, wait one minute',
  ),
  ledger_unavailable: entry(
    503,
    'the ledger cannot be written, so nothing is released or taken',
    'try again later; the operator is told by /readyz',
  ),
  event_pruned: entry(
    410,
    'the event was past its retention and was pruned',
    'its hash is still in the log: whoever kept the event and its receipt can prove it',
  ),
  nothing_to_prune: entry(
    409,
    'no event may be pruned yet',
    'see what holds it back: `nocturne audit prune --dry-run` counts what is held and what is locked',
  ),
  prune_not_proposed: entry(
    409,
    'no officer has proposed to prune within the last 30 days',
    'an officer runs `nocturne audit prune --gateway URL --token-file F`; then the operator runs it with --site',
  ),
  prune_in_use: entry(
    409,
    'the ledger is being pruned by another process',
    'wait for it; when it was killed, try again in a minute',
  ),
  too_many_holds: entry(
    409,
    'there are as many legal holds as the ledger takes',
    'remove those that are over, or add one that covers more',
  ),
  ledger_rolled_back: entry(
    503,
    'the ledger in the database is not the one that was published',
    'put the newest database back; when it is lost, `nocturne audit restore --acknowledge-loss --site DIR` takes the ledger from what was published',
  ),
  ledger_broken: entry(
    503,
    'the ledger does not verify',
    'stop the gateway and run `nocturne audit verify --site DIR`',
  ),
} as const satisfies Record<string, Entry>
