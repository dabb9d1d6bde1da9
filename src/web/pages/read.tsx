/** The page at /read: sign in, the worklist, the images of a case, and its report. */
import './open/without-eval.js'
import './session/trusted-scripts.js'
import { App } from './read/app.js'
import { start } from './session/start.js'

start(<App />)
