/** What a browser shows of a message that came by Web Push. */
import * as z from 'zod/mini'

const message = z.looseObject({
  title: z.string().check(z.maxLength(300)),
  event: z.string().check(z.maxLength(60)),
  code: z.optional(z.string().check(z.maxLength(16))),
  link: z.optional(z.string().check(z.maxLength(300))),
})

export interface ShownNotice {
  readonly title: string
  readonly options: {
    /** A later notification about the same case replaces the earlier one. */
    readonly tag: string
    readonly renotify: boolean
    readonly requireInteraction: boolean
    /** Opened by a click: only an address of this gateway. */
    readonly data?: string
  }
}

/** Something is always shown: browsers end a subscription that receives without showing. */
export function shownOf(text: string, origin: string): ShownNotice {
  const read = message.safeParse(parsed(text)).data
  const options = { tag: 'nocturne', renotify: true, requireInteraction: true }
  if (!read) return { title: 'Nocturne: look at your worklist', options }
  const { title, code, event, link } = read
  const isOwn = link !== undefined && URL.canParse(link) && new URL(link).origin === origin
  return { title, options: { ...options, tag: code ?? event, ...(isOwn && { data: link }) } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
