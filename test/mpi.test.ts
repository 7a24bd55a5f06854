/** Ranks that mpirun starts. Needs an MPI library (Debian: openmpi-bin, libopenmpi3) and the package koffi. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Run, type TrainOptions, write } from "espalier";
import { afterAll, expect, test } from "vitest";
import { communicators } from "./support/communicators.ts";

const run = promisify(execFile);
const at = (file: string) => new URL(file, import.meta.url).pathname;
const { shared } = (await import(at("support/shared-run.mjs"))) as {
  shared: (method: string, more?: Partial<TrainOptions>) => Run;
};
const folder = mkdtempSync(join(tmpdir(), "espalier-mpi-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hasMpi = spawnSync("mpirun", ["--version"]).status === 0;
const mpiTest = test.skipIf(!hasMpi);
const left = hasMpi ? "" : " (left out: there is no mpirun here)";
/** As root, and on fewer processors than ranks, OpenMPI wants to be told. */
const env = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  OMPI_MCA_mpi_yield_when_idle: "1",
};
const mpirun = (ranks: number, ...program: string[]) =>
  run("mpirun", ["-n", `${ranks}`, process.execPath, ...program], { env, timeout: 200_000 });
/** MPICH's own, which Debian installs beside OpenMPI's. */
const hasMpich = spawnSync("mpirun.mpich", ["--version"]).status === 0;
const mpichLeft = hasMpich ? "" : " (left out: there is no mpirun.mpich here)";
const espalier = (ranks: number, ...given: string[]) => mpirun(ranks, at("../dist/cli/main.js"), ...given);

mpiTest(`two processes end with the bytes of two ranks in one${left}`, async () => {
  const methods = ["rmda", "rigl"];
  await mpirun(2, at("support/mpi-child.mjs"), folder, ...methods);
  for (const method of methods) {
    const ranks = communicators(2).map(async (communicator) => {
      const one = shared(method, { communicator });
      for await (const _ of one);
      return one;
    });
    const [{ model }] = await Promise.all(ranks);
    expect(Buffer.compare(readFileSync(join(folder, `${method}.onnx`)), write(model)), method).toBe(0);
  }
});

const settings =
  "train --mpi --model lenet5-small --data digits --limit-train 500 --epochs 2 --lambda 1e-3 --lr 0.1".split(" ");

mpiTest(`train --mpi writes one run, says it once, and goes on with it${left}`, async () => {
  const out = join(folder, "run");
  const { stdout } = await espalier(2, ...settings, "--out", out, "--json");
  expect(JSON.parse(stdout).summary.epochs).toBe(2);
  expect(JSON.parse(readFileSync(join(out, "run.json"), "utf8")).environment.ranks).toBe(2);
  expect(readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n")).toHaveLength(2);
  const again = await espalier(2, "train", "--mpi", "--resume", "--out", out);
  expect(again.stdout).toContain("is finished already");
});

mpiTest(
  `a rank that dies ends the run with its last checkpoint; resumed it ends with the same bytes${left}`,
  async () => {
    const whole = join(folder, "whole");
    await espalier(2, ...settings, "--out", whole);
    const out = join(folder, "dies");
    const started = espalier(2, ...settings, "--out", out);
    const victim = setInterval(() => {
      if (!existsSync(join(out, "metrics.jsonl")) || readFileSync(join(out, "metrics.jsonl"), "utf8") === "") return;
      clearInterval(victim);
      const found = spawnSync("pgrep", ["-P", `${started.child.pid}`, "-f", out], { encoding: "utf8" }).stdout;
      const pids = found.trim().split("\n").map(Number);
      process.kill(pids.at(-1)!, "SIGKILL");
    }, 5);
    await expect(started).rejects.toThrow();
    clearInterval(victim);
    await espalier(2, "train", "--mpi", "--resume", "--out", out);
    for (const file of ["model.onnx", "small.onnx"])
      expect(Buffer.compare(readFileSync(join(out, file)), readFileSync(join(whole, file))), file).toBe(0);
  },
);

test.skipIf(!hasMpich)(`MPICH's ranks find MPICH, and end with the bytes of OpenMPI's${mpichLeft}`, async () => {
  const own = join(folder, "mpich");
  mkdirSync(own);
  const mpich = (method: string, more = {}) =>
    run("mpirun.mpich", ["-n", "2", process.execPath, at("support/mpi-child.mjs"), own, method], {
      env: { ...process.env, ...more },
      timeout: 200_000,
    });
  await mpich("rmda");
  const ranks = communicators(2).map(async (communicator) => {
    const one = shared("rmda", { communicator });
    for await (const _ of one);
    return one;
  });
  const [{ model }] = await Promise.all(ranks);
  expect(Buffer.compare(readFileSync(join(own, "rmda.onnx")), write(model))).toBe(0);
  if (hasMpi) await expect(mpich("sgd", { ESPALIER_MPI: "libmpi.so.40" })).rejects.toThrow("of another kind than");
});

test.skipIf(!hasMpich)(`MPICH leaves the process's memory and signals alone${mpichLeft}`, async () => {
  const { stdout, stderr } = await run("mpirun.mpich", ["-n", "1", process.execPath, at("support/mpi-runtime.mjs")], {
    env: { ...process.env, UCX_MEM_LOG_LEVEL: "debug" },
    timeout: 60_000,
  });
  expect(stdout).toContain("memory access out of bounds");
  expect(stdout + stderr).not.toMatch(/malloc|handle/i); // what UCX says where it rewrites functions or takes signals
});

mpiTest(`what is wrong is said by rank 0 alone, and all end${left}`, async () => {
  const failed = await espalier(2, ...settings, "--batch-size", "1", "--out", join(folder, "wrong")).catch((e) => e);
  expect(failed.stderr.match(/batch-size is too small for every rank/g)).toHaveLength(1);
});
