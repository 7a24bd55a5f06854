#!/bin/sh
# A PostgreSQL of this machine alone, with a folder and a port of its own, for trying and for tests: who can reach 127.0.0.1 is let in.
# On Debian:
#   apt-get install postgresql
#   sh scripts/one-node-postgresql.sh /tmp/postgresql 5499     and then  --queue postgres://espalier@127.0.0.1:5499/trials
#   sh scripts/one-node-postgresql.sh /tmp/postgresql stop
# Called by root it runs as the user postgres, who must be able to reach the folder.
set -eu
usage="usage: one-node-postgresql.sh FOLDER PORT, or FOLDER stop"
place=${1:?$usage}
port=${2:?$usage}
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as_owner() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
cd / # which every user can see
if [ "$port" = stop ]; then
  as_owner "$programs/pg_ctl" --pgdata="$place/data" --mode=fast --silent stop
  exit 0
fi
mkdir -p "$place"
if [ "$(id -u)" = 0 ]; then chown postgres "$place"; fi
if [ ! -d "$place/data" ]; then
  as_owner "$programs/initdb" --pgdata="$place/data" --username=espalier --auth=trust --encoding=UTF8 --locale=C --no-sync > /dev/null
fi
as_owner "$programs/pg_ctl" --pgdata="$place/data" --log="$place/postgresql.log" --silent --wait \
  --options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" start
connect="--host=127.0.0.1 --port=$port --username=espalier"
# shellcheck disable=SC2086 # three words
if ! "$programs/psql" $connect --dbname=trials --command="" 2> /dev/null; then "$programs/createdb" $connect trials; fi
