#!/bin/sh
# A Slurm of this machine alone, without systemd and without an accounting database, with a folder, two ports and a munged of its own, for
# trying and for tests. As root, on Debian:
#   apt-get install slurm-wlm munge
#   sh scripts/one-node-slurm.sh /tmp/slurm && export SLURM_CONF=/tmp/slurm/slurm.conf && sinfo
#   sh scripts/one-node-slurm.sh /tmp/slurm stop
set -eu
place=${1:?usage: one-node-slurm.sh FOLDER [PORT], which takes the next port too, or FOLDER stop}
port=${2:-6817}
export SLURM_CONF="$place/slurm.conf"
if [ "$port" = stop ]; then
  servers=$(cat "$place/slurmd.pid" "$place/slurmctld.pid" "$place/munged.pid")
  # shellcheck disable=SC2086 # three numbers
  kill $servers
  for server in $servers; do
    while grep -qs "^State:.[^Z]" "/proc/$server/status"; do sleep 0.1; done
  done
  exit 0
fi
host=$(hostname -s)
mkdir -p "$place/state" "$place/spool" "$place/munge"
cat > "$place/slurm.conf" << CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=2000 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
if [ ! -f "$place/munge/key" ]; then
  (umask 377 && head -c 1024 /dev/urandom > "$place/munge/key")
fi
munged --force --num-threads=2 --key-file="$place/munge/key" --socket="$place/munge/socket" --pid-file="$place/munged.pid" \
  --log-file="$place/munge/log" --seed-file="$place/munge/seed"
slurmctld
slurmd
tries=0
until sinfo --noheader --format=%t 2> /dev/null | grep -q idle; do
  tries=$((tries + 1))
  if [ $tries = 100 ]; then
    echo "slurm did not become idle; see $place/slurmctld.log" >&2
    exit 1
  fi
  sleep 0.2
done
