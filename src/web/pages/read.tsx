/** The page at /read: sign in, the worklist, and the images of a case. */
import './open/without-eval.js'
import './session/trusted-scripts.js'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { App } from './read/app.js'

const root = document.querySelector('#root')
if (!root) throw new TypeError('the page has no #root')
const queries = new QueryClient({ defaultOptions: { queries: { retry: 2, gcTime: 0 } } })

createRoot(root).render(
  <QueryClientProvider client={queries}>
    <App />
  </QueryClientProvider>,
)
