# The long suites of scripts/test: a share of each is part of every run. Sourced, from the root of the clone.

# NAME|what it does|environment|test files
LONG=(
  'soak|40 facilities and 20 readers for an hour, attackers among them|NOCTURNE_SOAK_MINUTES=${NOCTURNE_SOAK_MINUTES:-58} NOCTURNE_SOAK_FACILITIES=40 NOCTURNE_SOAK_READERS=20|test/long/soak'
  'fuzz|100,000 mutated multipart, JSON and OpenPGP inputs, and as many DICOM files|NOCTURNE_FUZZ=${NOCTURNE_FUZZ:-100000}|test/long/fuzz test/deidentify/fuzz'
  'pdus|a million mutated PDUs sent to the DIMSE door|NOCTURNE_FUZZ_PDUS=${NOCTURNE_FUZZ_PDUS:-1000000}|test/long/pdus'
  'routes|every route of the OpenAPI document, for every role and relation|NOCTURNE_TEST_ROUTES=all|test/long/routes'
  'fairness|4,000 idle connections, slow headers, slow downloads, floods of ranges and of connections|NOCTURNE_TEST_FAIRNESS=1 NOCTURNE_FAIRNESS_SECONDS=${NOCTURNE_FAIRNESS_SECONDS:-60}|test/long/fairness'
  'waiting|event loop delay with 100,000 events and 20,000 items|NOCTURNE_TEST_LARGE=1|test/whole-way/waiting'
  'kill|a kill at every write, and 200 at random moments|NOCTURNE_TEST_KILLS=${NOCTURNE_TEST_KILLS:-200} NOCTURNE_TEST_EVERY_WRITE=1|test/faults/kill test/faults/half-done test/faults/writes'
  'nights|ten simulated nights|NOCTURNE_NIGHTS=${NOCTURNE_NIGHTS:-10}|test/cases/nights'
  'drills|backup, restore and drill on PostgreSQL with S3, killed, corrupted, with a wrong key|NOCTURNE_TEST_DRILLS=1|test/long/drills'
  'large|contents of 4 GiB, and the Argon2 key of RFC 9580|NOCTURNE_TEST_LARGE=1|test/seal/large test/seal/vectors'
)

list_long() {
  local one name about
  for one in "${LONG[@]}"; do
    IFS='|' read -r name about _ <<<"$one"
    printf '%-10s %s\n' "$name" "$about"
  done
}

# Prints the entry of a name.
long_of() {
  local one
  for one in "${LONG[@]}"; do
    if [ "${one%%|*}" = "$1" ]; then
      printf '%s\n' "$one"
      return
    fi
  done
  return 1
}

expect_long() {
  if ! long_of "$1" >/dev/null; then
    echo "error: there is no long suite named $1" >&2
    echo 'hint: choose one of these:' >&2
    list_long >&2
    exit 2
  fi
}

# The seed decides every choice of a suite: the same seed repeats it.
run_long() {
  local settings files
  IFS='|' read -r _ _ settings files < <(long_of "$1")
  export NOCTURNE_TEST_SEED="${NOCTURNE_TEST_SEED:-$((RANDOM * 32768 + RANDOM))}"
  printf '\n== %s, seed %s: repeat with NOCTURNE_TEST_SEED=%s bash scripts/test --long %s\n' \
    "$1" "$NOCTURNE_TEST_SEED" "$NOCTURNE_TEST_SEED" "$1"
  # Settings and names of files of this list, with the defaults in them.
  eval "export $settings"
  # shellcheck disable=SC2086
  npm test --silent -- --runInBand $files
}
