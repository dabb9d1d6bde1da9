/**
 * Service worker: shows notifications that the gateway sends by Web Push. It is served with a
 * policy that lets it connect nowhere, keeps nothing, and answers no request of a page.
 */
import { shownOf } from './session/push-notice.js'

interface Event {
  waitUntil(work: Promise<unknown>): void
}
interface PushEvent extends Event {
  readonly data: { text(): string } | null
}
interface ClickEvent extends Event {
  readonly notification: { readonly data: unknown; close(): void }
}
interface Worker {
  readonly location: Location
  readonly registration: {
    showNotification(title: string, options: object): Promise<void>
  }
  readonly clients: { openWindow(url: string): Promise<unknown> }
  addEventListener(type: 'push', listener: (event: PushEvent) => void): void
  addEventListener(type: 'notificationclick', listener: (event: ClickEvent) => void): void
}

const worker = globalThis as unknown as Worker

worker.addEventListener('push', (event) => {
  const { title, options } = shownOf(event.data?.text() ?? '', worker.location.origin)
  event.waitUntil(worker.registration.showNotification(title, options))
})

worker.addEventListener('notificationclick', (event) => {
  const { data: link } = event.notification
  event.notification.close()
  if (typeof link === 'string') event.waitUntil(worker.clients.openWindow(link))
})
