import { expect, test } from "vitest";
import { parse } from "yaml";
import { dockerfile, kubernetesJob, slurmScript } from "./sweep-scripts.ts";

test("the script of a Slurm array: its options, and words that a shell takes as they are", () => {
  const script = slurmScript(
    "/a b/it's.yaml",
    { out: "/shared/s", workers: 10, cpus: 4, time: "04:00:00" },
    "/app/main.js",
  );
  const lines = script.trimEnd().split("\n");
  expect(lines[0]).toBe("#!/bin/sh");
  for (const option of [
    "--array=1-10",
    "--cpus-per-task=4",
    "--signal=B:TERM@60",
    "--time=04:00:00",
    "--output=/shared/s/slurm-%a.log",
  ])
    expect(lines).toContain(`#SBATCH ${option}`);
  expect(script).not.toContain("--partition");
  expect(lines.at(-1)).toContain(
    "/app/main.js sweep --config '/a b/it'\\''s.yaml' --resume --out /shared/s --threads 4",
  );
});

test("what sbatch and a shell would take for something else is quoted, and a second line refused", () => {
  const script = slurmScript("/s.yaml", { out: '/a b/#1 "x" 5%', partition: "p q" }, "/app/main.js");
  const lines = script.split("\n");
  expect(lines).toContain('#SBATCH --output="/a b/#1 \\"x\\" 5%%/slurm-%a.log"');
  expect(lines).toContain('#SBATCH --partition="p q"');
  expect(script).toContain(`mkdir -p '/a b/#1 "x" 5%'`);
  for (const bad of [{ partition: "a\n#SBATCH --uid=0" }, { time: "1\r" }, { out: "/a\nrm" }])
    expect(() => slurmScript("/s.yaml", { out: "/a", ...bad }, "/m.js")).toThrow("cannot stand in a script");
});

test("a Job of Kubernetes: as many pods as workers, each with the same sweep", () => {
  const { spec } = parse(kubernetesJob("/sweep/s.yaml", { out: "/sweep/out", workers: 3, cpus: 2, image: "r/e" }));
  expect(spec).toMatchObject({ completionMode: "Indexed", completions: 3, parallelism: 3 });
  expect(spec.podFailurePolicy.rules).toEqual([
    { action: "FailIndex", onExitCodes: { containerName: "worker", operator: "In", values: [1, 2] } },
  ]);
  const [container] = spec.template.spec.containers;
  expect(container).toMatchObject({ image: "r/e", resources: { limits: { cpu: 2 } } });
  expect(container.args).toEqual([
    "sweep",
    "--config",
    "/sweep/s.yaml",
    "--resume",
    "--out",
    "/sweep/out",
    "--threads",
    "2",
  ]);
  expect(dockerfile()).toMatch(/^FROM node:20-slim\nRUN npm install --global espalier@\d/);
});
