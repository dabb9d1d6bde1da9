/** The routes of an express application, read from its own router. */
import type { Express } from 'express'

export interface Route {
  readonly method: string
  /** As passed to the router: `/v1/transfers/:id`. */
  readonly template: string
}

interface Layer {
  readonly rawPath?: unknown
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle?: { readonly stack?: readonly Layer[] }
}

/** @throws Error if a router is mounted in an unsupported way: no route may be missed silently. */
export function routesOf(app: Express): readonly Route[] {
  return walk((app.router as unknown as { readonly stack: readonly Layer[] }).stack, '')
}

function walk(stack: readonly Layer[], prefix: string): Route[] {
  return stack.flatMap(({ route, handle, rawPath }) => {
    if (route) {
      const methods = Object.keys(route.methods).filter((name) => route.methods[name])
      return methods.map((name) => ({
        method: name.toUpperCase(),
        template: prefix + route.path,
      }))
    }
    if (!handle?.stack) return []
    if (typeof rawPath !== 'string') throw new Error(`a router is mounted at ${String(rawPath)}`)
    return walk(handle.stack, prefix + (rawPath === '/' ? '' : rawPath))
  })
}
