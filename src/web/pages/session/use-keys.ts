import { useEffect } from 'react'

/** Where people type, every key is theirs; a dialog has keys of its own. */
const NOT_OURS = 'input, textarea, select, [contenteditable], [role="dialog"], [role="alertdialog"]'

/**
 * Single-key shortcuts. They do nothing while somebody types in a field or presses a modifier;
 * within an element marked `data-own-keys`, whose controls have keys of their own, only `Escape`
 * and `?` count.
 */
export function useKeys(actions: Readonly<Record<string, () => unknown>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : undefined
      if (target?.closest(NOT_OURS) || event.ctrlKey || event.metaKey || event.altKey) return
      if (target?.closest('[data-own-keys]') && event.key !== 'Escape' && event.key !== '?') return
      const action = actions[event.key]
      if (!action) return
      event.preventDefault()
      event.stopPropagation()
      action()
    }
    // Before the table's own keys: its type-ahead would take the letters.
    addEventListener('keydown', onKey, { capture: true })
    return () => removeEventListener('keydown', onKey, { capture: true })
  })
}
