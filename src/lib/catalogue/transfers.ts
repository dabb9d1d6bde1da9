/** Transfers, and the ledger that they depend on. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const TRANSFERS = {
  unknown_group: entry(
    422,
    'this facility does not send to this group',
    "name one of the facility's groups; the operator adds others in nocturne.yaml",
  ),
  group_not_named: entry(
    422,
    'this facility sends to several groups, and none was named',
    'name the group: `nocturne send --group GROUP`, or the form field `group`',
  ),
  study_not_waiting: entry(
    409,
    'the study does not wait for a group',
    'see what waits: `nocturne intake waiting`',
  ),
  study_waits: entry(
    409,
    'the study waits until a person names its group',
    'name it: `nocturne intake assign TRANSFER --group GROUP`',
  ),
  recipient_unusable: entry(
    422,
    'a certificate that this transfer must be sealed to is unusable',
    'run `nocturne check` on the gateway and replace the certificate it names',
  ),
  transfer_not_open: entry(
    409,
    'the transfer is no longer open',
    'start a new transfer for further files',
  ),
  upload_under_way: entry(
    409,
    'an upload with this Idempotency-Key has been received, or is under way',
    'send GET /v1/uploads/KEY to find out what became of it; use a new key for other files',
  ),
  upload_key_reused: entry(
    422,
    'this Idempotency-Key belongs to another upload',
    'make a new random key for every upload, and repeat it only to send the same request again',
  ),
  process_died: entry(
    503,
    'the gateway process ended while it was receiving these files',
    'send them again: nothing from that request was kept',
  ),
  transfer_not_available: entry(
    409,
    'the transfer is not available',
    'check its state: it may still be open, or abandoned',
  ),
  content_expired: entry(
    410,
    'the contents were removed under the retention of the site',
    'ask the facility to send the study again; the ledger shows when it was removed',
  ),
  transfer_empty: entry(
    409,
    'the transfer has no accepted items',
    'add a file before completing it',
  ),
  recipient_not_allowed: entry(
    422,
    'this recipient cannot be added or removed',
    'add only readers of the group, and remove only readers who have left it',
  ),
  key_packets_invalid: entry(
    422,
    'the key packets do not match the transfer and its new recipient',
    'fetch them again with `nocturne rewrap` and send one per envelope',
  ),
  facility_key_unknown: entry(
    503,
    'the facility secret on this gateway is not the one in force for its pseudonyms',
    'restart every gateway after `nocturne facility rotate-key`, with the same secret files on each, or restore the secret',
  ),
  quarantine_not_held: entry(
    409,
    'the item is no longer in quarantine',
    'run `nocturne quarantine list --all` to see whether it was released or discarded',
  ),
  not_waivable: entry(
    422,
    'an item held for this reason cannot be released',
    'look at it with `nocturne quarantine open`, correct it and resend, or discard it',
  ),
  release_invalid: entry(
    422,
    'the release does not match the held item, or is not signed by the facility',
    "run `nocturne quarantine release` with the facility's own key",
  ),
  discard_invalid: entry(
    422,
    'the decision to discard does not match the held items, or is not signed by a person who may decide',
    "run `nocturne quarantine discard` with --key and the facility's own key, or with --by and --signing-key for a person in `releasedBy`",
  ),
  already_claimed: entry(
    409,
    'the transfer is already claimed',
    'choose another transfer, or ask the reader who claimed it to release it',
  ),
  claim_unproven: entry(
    428,
    'a claim requires proof that you can open the case',
    'run `nocturne claim CASE --key FILE`, which signs the challenge, or answer the sealed challenge as src/cases/README.md describes',
  ),
  recipient_unproven: entry(
    428,
    'adding a recipient requires proof that you can open the transfer',
    'run `nocturne rewrap ID --add READER --key FILE`, which signs the challenge, or answer the sealed challenge as src/seal/README.md describes',
  ),
  case_state: entry(
    409,
    'the state of the case does not allow this',
    'look at it with `nocturne case show CASE`',
  ),
  case_other_patient: entry(
    422,
    'the two cases name different patients',
    'check the accession numbers: only studies of one patient are read as one case',
  ),
  case_shared: entry(
    409,
    'the case is a part, or has parts that other readers report',
    'do it with the whole case; to end a part, `nocturne case close PART --reason not-needed`',
  ),
  region_shared: entry(
    409,
    'this body region of the case already has a part',
    'the part named has it; to take it back, `nocturne case close PART --reason not-needed`',
  ),
  case_mismatch: entry(
    422,
    'the cases or transfers do not belong together',
    'name a case of the same facility and group (of another group to reroute), or some but not all transfers of one case',
  ),
  not_a_reader: entry(
    422,
    'this person does not read for the group of the case',
    'name a reader of the group',
  ),
  push_not_allowed: entry(
    422,
    'the push service of this browser is not allowed by this site',
    'ask the operator to add its host to notify.push.hosts',
  ),
  report_invalid: entry(
    422,
    'the report is not sealed to the facility, or not signed by its reader',
    'send it with `nocturne report`, which seals and signs it',
  ),
  critical_invalid: entry(
    422,
    'the critical result or its answer is not signed and sealed as required',
    'send it with `nocturne critical`, which seals and signs it',
  ),
  critical_state: entry(
    409,
    'the critical result is in a state that does not allow this',
    'look at it with `nocturne critical show`; a closed one needs no further answer',
  ),
  handover_done: entry(
    409,
    'the hand-over was accepted before, or is your own',
    'see `nocturne handover list`; the next reader accepts it',
  ),
  too_many_notes: entry(
    409,
    'the case has reached its limit of notes',
    'call the facility or the reader',
  ),
  feedback_own: entry(
    403,
    'the report is your own',
    'ask a colleague for feedback; add to your report with `nocturne report --status addendum`',
  ),
  report_under_way: entry(
    409,
    'the same message is being recorded by another request',
    'send the same request again; it is answered with what was recorded',
  ),
  report_without_crosswalk: entry(
    409,
    'the facility keeps no crosswalk, so that nobody could say whose report this is',
    'report by phone, and ask the operator to give the facility a profile with links: facility, such as pseudonymize',
  ),
  report_out_of_turn: entry(
    409,
    'a report with this status cannot follow the reports of the case',
    'send a final report after a preliminary one, and an addendum after a final one',
  ),
  ris_unreachable: entry(
    502,
    'the RIS did not answer',
    'check its address and TLS settings; the report is kept and retried automatically',
  ),
  ris_refused: entry(
    502,
    'the RIS refused the report',
    'check the log of the RIS; the report is kept and retried automatically',
  ),
  pacs_unreachable: entry(
    502,
    'the PACS did not answer',
    'check its address and TLS settings; the report is kept and retried automatically',
  ),
  pacs_refused: entry(
    502,
    'the PACS refused the report',
    'check its AE titles, and whether it accepts Basic Text SR and Encapsulated PDF; the report is kept and retried automatically',
  ),
  swap_invalid: entry(
    422,
    'the duty swap is not valid',
    'name two different readers and a period of at most 31 days that has not ended',
  ),
  not_sealed_to_you: entry(
    403,
    'the transfer is not sealed to you',
    'ask a colleague who can open it to run `nocturne rewrap ID --add YOU`',
  ),
  not_claimed: entry(409, 'you do not hold the claim', 'claim the transfer first'),
  acknowledgement_invalid: entry(
    422,
    'the acknowledgement does not match what was sealed',
    'open the transfer again and sign a new acknowledgement; if that fails too, tell the operator',
  ),
  ledger_unavailable: entry(
    503,
    'the ledger cannot be written, so nothing is delivered or accepted',
    'try again later; /readyz tells the operator',
  ),
  event_pruned: entry(
    410,
    'the event was past its retention and was pruned',
    'to prove the event, use a copy of it with its receipt: its hash is still in the log',
  ),
  nothing_to_prune: entry(
    409,
    'no event may be pruned yet',
    'run `nocturne audit prune --dry-run` to see how many entries are held or locked',
  ),
  prune_not_proposed: entry(
    409,
    'no officer has proposed to prune within the last 30 days',
    'ask an officer to run `nocturne audit prune --gateway URL --token-file F`, then run it with --site',
  ),
  prune_in_use: entry(
    409,
    'another process is pruning the ledger',
    'wait for it to finish; if it was killed, try again in a minute',
  ),
  too_many_holds: entry(
    409,
    'the ledger has reached its limit of legal holds',
    'remove holds that are no longer needed, or add one that covers more',
  ),
  ledger_rolled_back: entry(
    503,
    'the ledger in the database is not the one that was published',
    'put the newest database back; if it is lost, restore the ledger from the published one with `nocturne audit restore --acknowledge-loss --site DIR`',
  ),
  ledger_broken: entry(
    503,
    'the ledger does not verify',
    'stop the gateway and run `nocturne audit verify --site DIR`',
  ),
} as const satisfies Record<string, Entry>
