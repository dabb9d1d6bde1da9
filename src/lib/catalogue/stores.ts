/** What can be wrong with the object store or the database. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const STORES = {
  store_unavailable: entry(
    503,
    'the object store cannot be reached',
    'send it again later; nothing was kept, and /readyz tells the operator',
  ),
  data_missing: entry(
    503,
    'the database is empty, but a ledger of this site has begun: its data is gone, or not mounted',
    'mount or configure the right disk or database, or restore a backup with `nocturne restore`; to begin anew on purpose, delete secrets/begun',
  ),
  store_replaced: entry(
    503,
    'this object store holds no published ledger, but the ledger was published to one',
    'mount or configure the right store; if it is lost or was replaced on purpose, continue without it by running `nocturne audit restore --acknowledge-loss --site DIR`',
  ),
  store_full: entry(
    507,
    'the object store is full',
    'ask the operator to free space; nothing was kept',
  ),
  object_missing: entry(
    500,
    'stored data is missing or altered',
    'tell the operator; the ledger records what was stored',
  ),
  database_unavailable: entry(
    503,
    'the database cannot be reached',
    'send it again later; nothing was kept',
  ),
  database_unusable: entry(
    503,
    'the database cannot be used as configured',
    'ask the operator to run `nocturne check` and correct the address, name, user and password, or the path and permissions of the file',
  ),
  database_not_empty: entry(
    409,
    'the database already contains rows',
    'give an empty database: a restore never overwrites',
  ),
  database_untrusted: entry(
    503,
    'the TLS certificate of the database server was not accepted',
    'ask the operator to write the host name that the certificate is for into `database`, and to name a private CA with ?sslrootcert=FILE; the server must offer TLS',
  ),
  database_not_scram: entry(
    503,
    'the database server does not log in with SCRAM',
    'ask the operator to write `hostssl … scram-sha-256` into pg_hba.conf, and to set the password again with password_encryption = scram-sha-256',
  ),
  database_newer: entry(
    503,
    'the database was migrated by a newer version of nocturne',
    'start that version, or restore a copy of the database from before the migration',
  ),
  gateways_older: entry(
    503,
    'the database must be migrated, but gateways of an older version are running on it',
    'stop all of them, then start this version; if one crashed, wait one minute first',
  ),
} as const satisfies Record<string, Entry>
