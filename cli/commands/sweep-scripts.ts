/** `espalier sweep slurm` and `sweep kubernetes`: the same worker on machines that somebody else starts. Nothing is scheduled here. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { EspalierError, UsageError, writeJson } from "espalier";
import { directory, version } from "espalier/node";
import { stringify } from "yaml";
import { integerField, text, toggle, type ValuesOf } from "../settings/field.ts";
import { wantsFolder } from "../settings/place.ts";
import { command } from "../terminal/command.ts";
import { touched } from "../terminal/files.ts";

const run = promisify(execFile);

const shared = {
  out: text("directory of the sweep, which all machines see", "folder"),
  workers: integerField("how many share the trials (default 4)", { min: 1 }),
  cpus: integerField("processors of each, and threads of its trial (default 2)", { min: 1 }),
};
const slurmFields = {
  ...shared,
  time: text("limit of a job, as sbatch takes it; before it ends, trials keep their checkpoints", "hh:mm:ss"),
  partition: text("where they run (default: the cluster's)", "name"),
  submit: toggle("hand the script to sbatch"),
};
const kubernetesFields = {
  ...shared,
  image: text("image of the workers (default espalier)", "name"),
  claim: text("volume claim that is mounted at /sweep (default sweep)", "name"),
  dockerfile: toggle("print the Dockerfile of the image"),
};

/** Where a submitted array is noted, for `sweep status`. */
export const SLURM = "slurm.json";

export const shellQuoted = (word: string): string =>
  /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
const workerArguments = (config: string, out: string, cpus: number): string[] => [
  ...["sweep", "--config", config, "--resume", "--out", out, "--threads", String(cpus)],
];

/** A value as sbatch reads it, which takes blanks and # as ends. */
const sbatchQuoted = (value: string): string =>
  /^[\w./:=@%+,-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;

/** @throws UsageError for what would end a line of the script and begin another one */
function checkLines(values: Readonly<Record<string, string | undefined>>): void {
  for (const [what, value = ""] of Object.entries(values))
    if (/\p{Cc}/u.test(value))
      throw new UsageError("out-of-range", `${what} cannot stand in a script`, {
        got: JSON.stringify(value),
        wanted: "no control characters",
      });
}

/**
 * @param main the file of this program, which all machines see as well
 * @throws UsageError for control characters
 */
export function slurmScript(
  config: string,
  { out, workers = 4, cpus = 2, time, partition }: ValuesOf<typeof slurmFields> & { readonly out: string },
  main: string,
): string {
  checkLines({ "<sweep.yaml>": config, "--out": out, "--time": time, "--partition": partition });
  const log = join(out.replaceAll("%", "%%"), "slurm-%a.log"); // %a and its like are sbatch's
  const options = [
    "--job-name=espalier-sweep",
    `--array=1-${workers}`,
    `--cpus-per-task=${cpus}`,
    "--requeue",
    "--signal=B:TERM@60",
    `--output=${sbatchQuoted(log)}`,
    ...(time ? [`--time=${sbatchQuoted(time)}`] : []),
    ...(partition ? [`--partition=${sbatchQuoted(partition)}`] : []),
  ];
  const words = [process.execPath, main, ...workerArguments(config, out, cpus)];
  return `#!/bin/sh
# Each job of the array takes trials of one sweep until there are none left; one that is killed loses nothing.
# The folder of the logs must be there before sbatch is called: mkdir -p ${shellQuoted(out)}
${options.map((option) => `#SBATCH ${option}`).join("\n")}
exec ${words.map(shellQuoted).join(" ")}
`;
}

/** An indexed Job of workers on a shared volume. */
export function kubernetesJob(
  config: string,
  {
    out,
    workers = 4,
    cpus = 2,
    image = "espalier",
    claim = "sweep",
  }: ValuesOf<typeof kubernetesFields> & { readonly out: string },
): string {
  const container = {
    name: "worker",
    image,
    args: workerArguments(config, out, cpus),
    resources: { requests: { cpu: cpus, memory: "2Gi" }, limits: { cpu: cpus } },
    volumeMounts: [{ name: "sweep", mountPath: "/sweep" }],
  };
  // Trials that failed, wrong usage, a sweep that was cancelled: another pod would say the same.
  const notAgain = {
    action: "FailIndex",
    onExitCodes: { containerName: container.name, operator: "In", values: [1, 2] },
  };
  const pod = {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 60,
    containers: [container],
    volumes: [{ name: "sweep", persistentVolumeClaim: { claimName: claim } }],
  };
  return stringify({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "espalier-sweep" },
    spec: {
      completionMode: "Indexed",
      completions: workers,
      parallelism: workers,
      backoffLimitPerIndex: 20,
      podFailurePolicy: { rules: [notAgain] },
      template: { spec: pod },
    },
  });
}

/** The image of the workers; one that needs files of its own begins from it. */
export const dockerfile = (): string => `FROM node:20-slim
RUN npm install --global espalier@${version}
WORKDIR /sweep
ENTRYPOINT ["espalier"]
`;

function asked(config: string | undefined, out: string | undefined): { readonly config: string; readonly out: string } {
  if (config !== undefined && out !== undefined) return { config, out };
  throw new UsageError(
    "missing",
    config === undefined ? "the configuration of the sweep is missing" : "the workers want the directory of the sweep",
    { wanted: config === undefined ? "<sweep.yaml>" : "--out" },
    "for example sweep.yaml --out /shared/sweep",
  );
}

const configArgument = [["<sweep.yaml>", "what varies, as espalier sweep --config takes it"]] as const;

export const slurmCommand = (): Command =>
  command({
    name: "slurm",
    about: "Prints the script of a Slurm array whose jobs share the trials of a sweep; --submit hands it to sbatch.",
    arguments: configArgument,
    fields: slurmFields,
    examples: ["sweep slurm sweep.yaml --out /shared/sweep --workers 10 --cpus 4 --submit"],
    files: ([config], { out, submit }) => ({
      reads: touched("<sweep.yaml>", config),
      writes: submit && out !== undefined ? touched("--out: sweep.sbatch", join(out, "sweep.sbatch")) : [],
    }),
    async run([given], values, out) {
      const { config, out: folder } = asked(given, values.out);
      wantsFolder("a sweep with Slurm's logs", folder);
      const place = resolve(folder);
      const script = slurmScript(resolve(config), { ...values, out: place }, resolve(process.argv[1]));
      if (!values.submit) {
        if (!existsSync(place))
          out.warn(`before sbatch: mkdir -p ${shellQuoted(place)}, or Slurm has no place for the logs`);
        out.result({ script }, script.trimEnd());
        return 0;
      }
      const store = directory(place);
      await store.write("sweep.sbatch", new TextEncoder().encode(script));
      const job = await submitted(join(place, "sweep.sbatch"));
      await writeJson(store, SLURM, { job });
      out.result({ job, out: place }, `job ${job}; look at it with\n  npx espalier sweep status ${place}`);
      return 0;
    },
  });

async function submitted(script: string): Promise<string> {
  try {
    const { stdout } = await run("sbatch", ["--parsable", script]);
    return stdout.trim().split(";")[0];
  } catch (e) {
    throw new EspalierError(
      "system",
      "sbatch did not take the script",
      { script, reason: e instanceof Error ? e.message.split("\n").slice(0, 2).join(" ") : String(e) },
      "leave out --submit to see it, and look at the cluster with sinfo",
    );
  }
}

/** How many jobs of an array are in which state: "2 running, 1 pending"; undefined where Slurm does not say. */
export async function slurmStates(job: string): Promise<string | undefined> {
  const said = await run("squeue", ["--noheader", "--array", "--jobs", job, "--format", "%T"]).catch(() => undefined);
  if (!said) return undefined; // it is over, or this machine is none of the cluster's
  const states = said.stdout.trim().split("\n").filter(Boolean);
  const kinds = [...new Set(states)].sort();
  if (kinds.length === 0) return "none left";
  return kinds.map((kind) => `${states.filter((s) => s === kind).length} ${kind.toLowerCase()}`).join(", ");
}

export const kubernetesCommand = (): Command =>
  command({
    name: "kubernetes",
    about: "Prints an indexed Job of Kubernetes whose pods share the trials of a sweep on a volume; or its Dockerfile.",
    arguments: configArgument,
    fields: kubernetesFields,
    examples: [
      "sweep kubernetes /sweep/sweep.yaml --out /sweep/out --workers 10 --image registry.example/espalier",
      "sweep kubernetes /sweep/sweep.yaml --out /sweep/out --dockerfile",
    ],
    files: () => ({ reads: [], writes: [] }), // the paths are those of the pods
    async run([given], values, out) {
      const { config, out: folder } = asked(given, values.out);
      const printed = values.dockerfile ? dockerfile() : kubernetesJob(config, { ...values, out: folder });
      out.result({ [values.dockerfile ? "dockerfile" : "job"]: printed }, printed.trimEnd());
      return 0;
    },
  });
