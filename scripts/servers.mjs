/**
 * Installs from Debian's packages the servers that some tests start for themselves, so that these tests run; by hand that is
 *   apt-get install --no-install-recommends redis-server postgresql slurm-wlm munge openmpi-bin libopenmpi3 mpich
 * Where one cannot be had, a line says so, the exit status is 0, and its tests are left out. How each is started: scripts/one-node-*.sh.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const servers = [
  { name: "Redis", packages: ["redis-server"], program: "/usr/bin/redis-server" },
  { name: "PostgreSQL", packages: ["postgresql"], program: "/usr/lib/postgresql" },
  { name: "Slurm", packages: ["slurm-wlm", "munge"], program: "/usr/sbin/slurmctld" },
  { name: "OpenMPI", packages: ["openmpi-bin", "libopenmpi3"], program: "/usr/bin/mpirun" },
  { name: "MPICH", packages: ["mpich"], program: "/usr/bin/mpirun.mpich" },
];
const say = (line) => process.stderr.write(`servers: ${line}\n`);
const names = (list) => list.map(({ name }) => name).join(", ");

/** What went wrong with a command; undefined when it went well. */
function failed(args) {
  // Runlevel 1: packages that start what they install do not, as the tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const options = ["-o", "DPkg::Lock::Timeout=60"];
  const { error, status, stderr } = spawnSync("apt-get", [...options, ...args], {
    env,
    encoding: "utf8",
    timeout: 180_000,
  });
  if (error) return `apt-get: ${error.message}`;
  return status === 0 ? undefined : `apt-get ${args[0]} ended with ${status}: ${stderr.trim().split("\n").at(-1)}`;
}
const installed = (list) =>
  failed(["install", "--yes", "--no-install-recommends", ...list.flatMap(({ packages }) => packages)]);

const wanted = servers.filter(({ program }) => !existsSync(program));
const present = servers.filter((server) => !wanted.includes(server));
if (present.length > 0) say(`here: ${names(present)}`);
if (wanted.length > 0) {
  // Lists of packages may be missing or old; one that cannot be had must not keep out the others.
  const problem = installed(wanted) && (failed(["update"]) ?? installed(wanted));
  for (const server of wanted) {
    const own = problem && !existsSync(server.program) ? installed([server]) : undefined;
    say(own ? `there is no ${server.name}, its tests are left out: ${own}` : `installed: ${server.name}`);
  }
}
