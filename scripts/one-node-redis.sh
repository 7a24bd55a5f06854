#!/bin/sh
# A Redis of this machine alone, with a folder and a port of its own, for trying and for tests. On Debian:
#   apt-get install redis-server
#   sh scripts/one-node-redis.sh /tmp/redis 6399       and then  --queue redis://127.0.0.1:6399
#   sh scripts/one-node-redis.sh /tmp/redis stop
# It writes down all that it is told; started again in the same folder, killed or not, it knows it.
set -eu
usage="usage: one-node-redis.sh FOLDER PORT, or FOLDER stop"
place=${1:?$usage}
port=${2:?$usage}
if [ "$port" = stop ]; then
  server=$(cat "$place/redis.pid")
  kill "$server"
  while grep -qs "^State:.[^Z]" "/proc/$server/status"; do sleep 0.1; done
  exit 0
fi
mkdir -p "$place"
redis-server --port "$port" --bind 127.0.0.1 --dir "$place" --save "" --appendonly yes --appendfsync always \
  --daemonize yes --pidfile "$place/redis.pid" --logfile "$place/redis.log"
tries=0
until redis-cli -p "$port" ping 2> /dev/null | grep -q PONG; do
  tries=$((tries + 1))
  if [ $tries = 100 ]; then
    echo "redis does not answer on port $port; see $place/redis.log" >&2
    exit 1
  fi
  sleep 0.1
done
