/** A sweep as an array of a real Slurm, and the bytes of one by itself: of the cluster that SLURM_CONF names, else of one of this machine. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { serverOf } from "./support/servers.ts";
import { sweepOutcomes } from "./support/sweep-outcomes.ts";

const { espalier, at, json } = commandLine();
const given = process.env["SLURM_CONF"] !== undefined;
const slurm = given ? undefined : serverOf("slurm");
const here = given || slurm !== undefined;

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

test.skipIf(!here)(
  `two jobs of an array share the trials${here ? "" : " — left out: it is not here, see scripts/servers.mjs"}`,
  async () => {
    if (slurm) process.env["SLURM_CONF"] = join((await slurm.start()).folder, "slurm.conf");
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
    const submitted = await espalier(...submit);
    expect(submitted.status, submitted.stderr).toBe(0);
    expect(JSON.parse(submitted.stdout).job).toMatch(/^\d+$/);
    expect((await espalier("sweep", "--config", "sweep.yaml", "--out", "alone")).status).toBe(0);
    const isComplete = async () =>
      existsSync(at("by-slurm/sweep.json")) && (await json("by-slurm", "sweep.json")).complete;
    while (!(await isComplete())) await delay(250);
    const status = async () => JSON.parse((await espalier("sweep", "status", "by-slurm", "--json")).stdout);
    for (let found = await status(); ; found = await status()) {
      expect(found.complete).toBe(true);
      if (!/running|completing|pending/.test(found.slurm ?? "")) break;
    }
    expect(await sweepOutcomes(at("by-slurm"))).toEqual(await sweepOutcomes(at("alone")));
  },
  600_000,
);

test("without a cluster the script is printed", async () => {
  await writeFile(at("s.yaml"), SWEEP);
  const { status, stdout } = await espalier("sweep", "slurm", "s.yaml", "--out", "x");
  expect([status, stdout]).toEqual([0, expect.stringContaining("#SBATCH --array=1-4")]);
  expect((await espalier("sweep", "slurm", "s.yaml")).stderr).toContain("the workers want the directory of the sweep");
});
