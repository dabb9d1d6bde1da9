import { readFileSync } from 'node:fs'

/**
 * The version in package.json, which is two folders above this file in both the source and the
 * build.
 */
export const VERSION: string = readVersion()

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const manifest: unknown = JSON.parse(text)
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? manifest.version
      : ''
  return String(version)
}
