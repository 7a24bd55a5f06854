/**
 * Installs OpenMPI from Debian's packages, so that the tests under `mpirun` run: by hand that is
 *   apt-get install --no-install-recommends openmpi-bin libopenmpi3
 * Where it cannot be had, a line says so, the exit status is 0, and those tests are left out.
 */
import { spawnSync } from "node:child_process";

const PACKAGES = ["openmpi-bin", "libopenmpi3"];
const say = (line) => process.stderr.write(`open-mpi: ${line}\n`);

/** Runs a command; undefined when it went well, else what went wrong. */
function failed(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { error, status, stderr } = spawnSync(command, args, { env, encoding: "utf8", timeout: 180_000 });
  if (error) return `${command}: ${error.message}`;
  return status === 0 ? undefined : `${command} ${args[0]} ended with ${status}: ${stderr.trim().split("\n").at(-1)}`;
}

const version = () => spawnSync("mpirun", ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0];

if (version()) say(`is here: ${version()}`);
else {
  const install = () => failed("apt-get", ["install", "--yes", "--no-install-recommends", ...PACKAGES]);
  const problem = install() && (failed("apt-get", ["update"]) ?? install()); // lists may be missing or old
  say(problem ? `there is none, tests under mpirun are left out: ${problem}` : `installed: ${version()}`);
}
