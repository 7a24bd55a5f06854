#!/bin/sh
# A Slurm of this one machine, without systemd and without an accounting database, for trying and for tests. As root, on Debian:
#   apt-get install slurm-wlm munge
#   sh scripts/one-node-slurm.sh /tmp/slurm && export SLURM_CONF=/tmp/slurm/slurm.conf && sinfo
# It ends with: kill $(cat /tmp/slurm/slurmctld.pid /tmp/slurm/slurmd.pid)
set -eu
place=${1:?usage: one-node-slurm.sh FOLDER}
host=$(hostname -s)
mkdir -p "$place/state" "$place/spool" /run/munge
cat > "$place/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
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
if ! pgrep -x munged > /dev/null; then
  if [ ! -f /etc/munge/munge.key ]; then
    dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 2> /dev/null
  fi
  chown munge /etc/munge/munge.key /run/munge
  chmod 400 /etc/munge/munge.key
  su -s /bin/sh munge -c munged
fi
export SLURM_CONF="$place/slurm.conf"
slurmctld
slurmd
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if sinfo --noheader --format=%t 2> /dev/null | grep -q idle; then exit 0; fi
  sleep 1
done
echo "slurm did not become idle; see $place/slurmctld.log" >&2
exit 1
