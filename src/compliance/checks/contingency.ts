/** Checks of backup, restore and the recovery key, each demonstrated by a recent exercise. */
import { dayOf, daysBetween, failed, onConfiguration, onLedger, satisfied } from '../check.js'
import type { Check } from '../check.js'

const BACKUP_DAYS = 2
const DRILL_DAYS = 366
/**
 * Restoration time in the proposed rule of January 2025: 72 hours. The site's plan may set a
 * shorter one.
 */
const OBJECTIVE_SECONDS = 72 * 3_600

export const CONTINGENCY: readonly Check[] = [
  onConfiguration({
    id: 'backup-configured',
    title: 'The site defines where its backups are stored',
    run: ({ backupTo }) =>
      backupTo === undefined
        ? failed(
            'nocturne.yaml has no backup.to',
            'set backup: { to: FOLDER } in nocturne.yaml, a folder on another disk',
            {
              to: null,
            },
          )
        : satisfied('backup.to is set', { to: 'set' }),
  }),
  onLedger({
    id: 'backup-recent',
    title: 'The newest backup is at most two days old',
    validDays: 2,
    run: ({ lastBackup }, { at }) =>
      lastBackup && daysBetween(lastBackup.at, at) < BACKUP_DAYS
        ? satisfied(`backed up on ${dayOf(lastBackup.at)}`, { at: lastBackup.at }, [
            lastBackup.index,
          ])
        : failed(
            lastBackup ? `last backup on ${dayOf(lastBackup.at)}` : 'there is no backup',
            'run nocturne backup --site DIR, then enable its timer: systemctl enable --now nocturne-backup.timer',
            { at: lastBackup?.at ?? null },
          ),
  }),
  onLedger({
    id: 'restore-drilled',
    title: 'A restore was practised within a year and met its objective',
    validDays: 366,
    run: ({ lastDrill }, { at }) => {
      const next = 'run: nocturne drill --site DIR --backup FOLDER --key recovery-key.asc'
      if (!lastDrill) return failed('no restore has ever been practised', next, null)
      const shown = { at: lastDrill.at, ok: lastDrill.ok, seconds: lastDrill.seconds }
      const entries = [lastDrill.index]
      if (!lastDrill.ok)
        return failed(`the drill of ${dayOf(lastDrill.at)} failed`, next, shown, entries)
      if (daysBetween(lastDrill.at, at) > DRILL_DAYS)
        return failed(`the last drill was on ${dayOf(lastDrill.at)}`, next, shown, entries)
      return lastDrill.seconds <= OBJECTIVE_SECONDS
        ? satisfied(`restored in ${lastDrill.seconds} s on ${dayOf(lastDrill.at)}`, shown, entries)
        : failed(`the drill took ${lastDrill.seconds} s`, next, shown, entries)
    },
  }),
  onLedger({
    id: 'recovery-exercised',
    title: 'The recovery key has opened a sample within a year',
    validDays: 366,
    run: ({ lastDrill }, { at }) =>
      lastDrill?.isOpened === true && daysBetween(lastDrill.at, at) <= DRILL_DAYS
        ? satisfied(`it opened a sample on ${dayOf(lastDrill.at)}`, { at: lastDrill.at }, [
            lastDrill.index,
          ])
        : failed(
            'it has not been shown within a year that the recovery key opens what is stored',
            'run nocturne drill --site DIR --backup FOLDER --key recovery-key.asc, with a backup that contains at least one study',
            { at: lastDrill?.at ?? null },
          ),
  }),
]
