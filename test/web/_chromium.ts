/** A real Chromium, and how much memory its pages hold. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = PATHS.find((path) => existsSync(path))

/** Undefined where there is one. */
export const noChromium = executablePath === undefined ? 'needs chromium' : undefined

const LAUNCH = {
  executablePath: executablePath ?? '',
  args: [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    '--disable-dev-shm-usage',
  ],
}

export const startChromium = (): Promise<Browser> => chromium.launch(LAUNCH)

/** With its profile in a folder, as a person's browser has it. */
export const startChromiumIn = (profile: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(profile, LAUNCH)

/**
 * What `work` gives, and the most MB that the page's script held while it went on: objects and
 * buffers that are in use. Garbage says more of the machine's load than of the page, so it is
 * collected first; and as the page goes on between the collection and the reading, each look is the
 * least of three such pairs. What is in use is in all three.
 */
export async function watchHeap<T>(
  page: Page,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly heldMb: number; readonly looks: number }> {
  const session = await page.context().newCDPSession(page)
  let most = 0
  let looks = 0
  let isDone = false
  const afterCollection = async (): Promise<number> => {
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage')
    return (usedSize + backingStorageSize) / 2 ** 20
  }
  const watch = async () => {
    while (!isDone) {
      const readings = [await afterCollection(), await afterCollection(), await afterCollection()]
      most = Math.max(most, Math.min(...readings))
      looks += 1
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  const watching = watch()
  try {
    return { value: await work(), heldMb: most, looks }
  } finally {
    isDone = true
    await watching
    await session.detach()
  }
}
