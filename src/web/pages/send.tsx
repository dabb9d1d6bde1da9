/** The page at /send: a facility sends studies, follows them, and gets reports back. */
import './open/without-eval.js'
import './session/trusted-scripts.js'
import { start } from './session/start.js'
import { App } from './send/app.js'

start(<App />)
