/**
 * A sweep as an array of a real Slurm, and the bytes of one by itself. It wants a cluster that answers: scripts/one-node-slurm.sh makes
 * one of this machine, SLURM_CONF names it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at, json } = commandLine();

function hasSlurm(): boolean {
  try {
    return execFileSync("sinfo", ["--noheader", "--format=%a"], { stdio: ["ignore", "pipe", "ignore"] }).includes("up");
  } catch {
    return false;
  }
}
const here = hasSlurm();

const SWEEP = `model: logistic
data: digits
limit-train: 200
epochs: 2
threads: 1
groups: input-channel
search: random
trials: 3
space: { lambda: { from: 1e-3, to: 0.1, log: true } }
`;

async function outcomes(folder: string) {
  const { trials, front } = await json(folder, "sweep.json");
  const bytes = trials.map(async ({ key }: { key: string }) =>
    createHash("sha256")
      .update(await readFile(at(folder, "trials", key, "small.onnx")))
      .digest("hex"),
  );
  return { trials, front, bytes: await Promise.all(bytes) };
}

test.skipIf(!here)(
  `two jobs of an array share the trials${here ? "" : " — left out: no Slurm answers"}`,
  async () => {
    await writeFile(at("sweep.yaml"), SWEEP);
    const submit = [
      "sweep",
      "slurm",
      "sweep.yaml",
      "--out",
      "by-slurm",
      "--workers",
      "2",
      "--cpus",
      "1",
      "--submit",
      "--json",
    ];
    const { status, stdout, stderr } = await espalier(...submit);
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout).job).toMatch(/^\d+$/);
    expect((await espalier("sweep", "--config", "sweep.yaml", "--out", "alone")).status).toBe(0);
    const look = async () => {
      const said = await espalier("sweep", "status", "by-slurm", "--json"); // until a job runs there is no sweep
      return said.status === 0 ? JSON.parse(said.stdout) : undefined;
    };
    let found = await look();
    while (!found?.complete || /running|completing|pending/.test(found.slurm ?? "")) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      found = await look();
    }
    expect(await outcomes("by-slurm")).toEqual(await outcomes("alone"));
  },
  240_000,
);

test("without a cluster the script is printed", async () => {
  await writeFile(at("s.yaml"), SWEEP);
  const { status, stdout } = await espalier("sweep", "slurm", "s.yaml", "--out", "x");
  expect([status, stdout]).toEqual([0, expect.stringContaining("#SBATCH --array=1-4")]);
  expect((await espalier("sweep", "slurm", "s.yaml")).stderr).toContain("the workers want the directory of the sweep");
});
