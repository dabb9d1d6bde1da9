import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'

export function start(page: ReactNode): void {
  const root = document.querySelector('#root')
  if (!root) throw new TypeError('the page has no #root')
  const queries = new QueryClient({ defaultOptions: { queries: { retry: 2, gcTime: 0 } } })
  createRoot(root).render(<QueryClientProvider client={queries}>{page}</QueryClientProvider>)
}
