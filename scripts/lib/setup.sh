# Shared by quickstart and test: Node.js, packages, build. Sourced, from the root of the clone.

require_node() {
  if ! command -v node >/dev/null; then
    echo 'error: Node.js is not installed' >&2
    echo 'hint: install Node.js 20.19 or later, from your system or from https://nodejs.org' >&2
    exit 1
  fi
  if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "error: Node.js $(node --version) is too old; 20.19 or later is required" >&2
    echo 'hint: install a current LTS release, from your system or from https://nodejs.org' >&2
    exit 1
  fi
}

# Installs what the lock file names, once for each lock file and Node.js; builds when a source is newer than the build.
install_and_build() {
  local stamp=node_modules/.nocturne-install want
  want="$(node --version) $(cksum <package-lock.json)"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    echo 'installing packages (compiling better-sqlite3 may take a minute)'
    npm ci --no-fund --no-audit --loglevel=error
    echo "$want" >"$stamp"
  fi
  if [ ! -e dist/.built ] || [ -n "$(find src package.json tsconfig.json .config scripts/build.mjs -newer dist/.built -print -quit)" ]; then
    echo 'building'
    npm run --silent build
  fi
}
