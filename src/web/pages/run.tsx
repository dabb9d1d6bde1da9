/** The page at /run: an operator sees what needs attention, and revokes tokens. */
import './open/without-eval.js'
import './session/trusted-scripts.js'
import { start } from './session/start.js'
import { App } from './run/app.js'

start(<App />)
