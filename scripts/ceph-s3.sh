#!/usr/bin/env bash
# A real S3 for tests: one Ceph mon, one OSD and one radosgw from Debian's packages, on loopback, all under $S3_DIR.
# Usage: ceph-s3.sh install|start|stop|status|env|wipe   (each may be run again)
#   S3_DIR    folder of the server (default ${TMPDIR:-/tmp}/nocturne-ceph)
#   S3_PORT   of the S3 endpoint (17480); MON_PORT (13300), with MON_PORT+100 to +199 for the OSD
#   S3_STORE  memstore: up in 2 s, forgets on exit (default); bluestore: up in 8 s, survives kill -9
#   S3_SIZE   bytes of the store (4 GiB); S3_ACCESS_KEY, S3_SECRET_KEY: of its only user
# `start` prints one line of assignments: S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, S3_REGION.
set -euo pipefail

DIR=${S3_DIR:-${TMPDIR:-/tmp}/nocturne-ceph}
PORT=${S3_PORT:-17480}
MON=${MON_PORT:-13300}
STORE=${S3_STORE:-memstore}
SIZE=${S3_SIZE:-4294967296}
ACCESS=${S3_ACCESS_KEY:-testaccesskey0000000}
SECRET=${S3_SECRET_KEY:-testsecretkey00000000000000000000000000}
CONF=$DIR/ceph.conf
export CEPH_CONF=$CONF

# A process of ours is one whose command line names our configuration: a reused pid is never taken for it.
alive() {
  local pid
  [ -s "$DIR/$1.pid" ] && pid=$(cat "$DIR/$1.pid") &&
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "-c $CONF"
}

spawn() {
  local name=$1
  shift
  setsid nohup "$@" >"$DIR/$name.out" 2>&1 </dev/null &
  echo $! >"$DIR/$name.pid"
}

answers() { curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$PORT/"; }

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

do_install() {
  local program missing=
  for program in radosgw radosgw-admin ceph-mon ceph-osd ceph curl; do
    command -v "$program" >/dev/null || missing=1
  done
  [ -z "$missing" ] && return 0
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    radosgw ceph-mon ceph-osd ceph-common curl >/dev/null
}

write_conf() {
  cat >"$CONF" <<CONF
[global]
fsid = $1
mon host = [v2:127.0.0.1:$MON]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind port min = $((MON + 100))
ms bind port max = $((MON + 199))
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
run dir = $DIR/run
admin socket = $DIR/run/\$name.asok
pid file =
log file = $DIR/\$name.log
log to stderr = false
err to stderr = true
crash dir = $DIR/crash
keyring = $DIR/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 2
osd pool default pgp num = 2
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
debug mon = 0
debug osd = 0
debug rgw = 0
debug ms = 0
debug bluestore = 0
debug rocksdb = 0
debug paxos = 0
[mon]
mon data = $DIR/mon
mon cluster log file = $DIR/cluster.log
paxos propose interval = 0.05
mon data avail warn = 1
mon data avail crit = 1
mon osd min down reporters = 1
[osd]
osd data = $DIR/osd
osd objectstore = $STORE
bluestore block size = $SIZE
bluestore block create = true
bluestore fsck on mount = false
bluestore cache autotune = false
bluestore cache size = 268435456
memstore device bytes = $SIZE
osd memory target = 939524096
osd op num shards = 2
osd op num threads per shard = 1
[client]
rgw frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
rgw dns name = localhost
rgw thread pool size = 32
rgw enable usage log = false
rgw dynamic resharding = false
rgw run sync thread = false
rgw override bucket index max shards = 1
rgw crypt require ssl = false
rgw gc obj min wait = 10
rgw gc processor period = 10
rgw gc processor max time = 10
CONF
}

build() {
  local fsid osd made
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd=$(cat /proc/sys/kernel/random/uuid)
  rm -rf "${DIR:?}/mon" "$DIR/osd"
  mkdir -p "$DIR/mon" "$DIR/osd"
  write_conf "$fsid"
  : >"$DIR/keyring"
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$MON]" "$DIR/monmap" >/dev/null
  ceph-mon -c "$CONF" -i a --mkfs --monmap "$DIR/monmap" >"$DIR/mkfs.out" 2>&1
  spawn mon ceph-mon -f -c "$CONF" -i a
  ceph-osd -c "$CONF" -i 0 --mkfs --osd-uuid "$osd" >>"$DIR/mkfs.out" 2>&1 &
  made=$!
  ceph -c "$CONF" --connect-timeout 30 osd new "$osd" >/dev/null
  wait $made
}

start_missing() {
  alive mon || spawn mon ceph-mon -f -c "$CONF" -i a
  alive osd || spawn osd ceph-osd -f -c "$CONF" -i 0
  alive rgw || spawn rgw radosgw -f -c "$CONF" -n client.rgw.s3
}

do_start() {
  do_install
  mkdir -p "$DIR/run" "$DIR/crash"
  chmod 700 "$DIR"
  ulimit -n 65536 2>/dev/null || true
  # What was kept in memory is gone with its process: built anew unless all three still run.
  if [ "$STORE" = memstore ] && ! { alive mon && alive osd && alive rgw; }; then rm -f "$DIR/.ready"; fi
  if [ -e "$DIR/.ready" ]; then
    start_missing
  else
    do_stop
    # On a port of somebody else we would talk to their server.
    if taken "$PORT" || taken "$MON"; then
      echo "port $PORT or $MON is taken; set S3_PORT and MON_PORT" >&2
      return 17
    fi
    build
    start_missing
    radosgw-admin -c "$CONF" -n client.rgw.s3 user create --uid=test --display-name=test \
      --access-key="$ACCESS" --secret-key="$SECRET" >"$DIR/user.json" 2>"$DIR/user.err"
    touch "$DIR/.ready"
  fi
  for _ in $(seq 1 300); do
    if answers; then
      do_env
      return 0
    fi
    alive rgw || break
    sleep 0.1
  done
  echo "radosgw did not come up; logs in $DIR" >&2
  tail -n 8 "$DIR"/*.out "$DIR"/*.log >&2
  return 1
}

do_stop() {
  local name pid
  for name in rgw osd mon; do
    if alive $name; then
      pid=$(cat "$DIR/$name.pid")
      kill "$pid" 2>/dev/null || true
      for _ in $(seq 1 100); do
        alive $name || break
        sleep 0.1
      done
      alive $name && kill -9 "$pid" || true
    fi
    rm -f "$DIR/$name.pid"
  done
}

do_env() {
  echo "S3_ENDPOINT=http://127.0.0.1:$PORT S3_ACCESS_KEY=$ACCESS S3_SECRET_KEY=$SECRET S3_REGION=us-east-1"
}

do_status() {
  local name
  for name in mon osd rgw; do
    if alive $name; then echo "$name up $(cat "$DIR/$name.pid")"; else echo "$name down"; fi
  done
}

case ${1:-start} in
  install) do_install ;;
  start) do_start ;;
  stop) do_stop ;;
  env) do_env ;;
  status) do_status ;;
  wipe)
    do_stop
    rm -rf "${DIR:?}"
    ;;
  *)
    echo "usage: ceph-s3.sh install|start|stop|status|env|wipe" >&2
    exit 2
    ;;
esac
