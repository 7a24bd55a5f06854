/** `espalier sweep`: a search over anything that `train` can be told. */
import type { Command } from "commander";
import { SWEEP, savedSweep } from "espalier";
import { fileAt, storeAt } from "espalier/node";
import { fromAssignments, fromFile, type SettingSource } from "../settings/config.ts";
import { sweepFields } from "../settings/sweep-fields.ts";
import { command, setOption } from "../terminal/command.ts";
import { dataFiles, touched } from "../terminal/files.ts";
import { interruption } from "../terminal/interrupt.ts";
import { cancelCommand, mlflowCommand, statusCommand } from "./sweep-look.ts";
import { openSweep } from "./sweep-open.ts";
import { runSweep } from "./sweep-run.ts";
import { kubernetesCommand, slurmCommand } from "./sweep-scripts.ts";

/** In the help; a test runs it. */
const notes = `A configuration, in YAML:
  # shared by all trials: any setting of \`espalier train --help\`, without the dashes in front
  model: lenet5
  data: digits
  epochs: 9
  # what varies: a list, a range, or names of your own with settings each
  space:
    lambda: { from: 1e-4, to: 1e-2, log: true }
    method:
      RMDA: { optimizer: rmda, lr: 0.2 }
      ProxSGD: { optimizer: prox-sgd, lr: 0.1 }
  search: tpe
  trials: 30
  objectives: [accuracy, params]
  # after 1 and 3 epochs the best third goes on
  stopping: { first: 1, factor: 3 }`;

export const sweepCommand = (): Command =>
  command({
    name: "sweep",
    about: "Searches over settings of train; writes a table, charts and a page of what its trials came to.",
    fields: sweepFields,
    flags: [
      "config",
      "out",
      "resume",
      "overwrite",
      "parallel",
      "queue",
      "watch",
      "trials",
      "search",
      "dataRoot",
      "threads",
      "device",
    ],
    options: [setOption("any setting of the file by its name")],
    notes,
    examples: [
      "sweep --config examples/sweep.yaml",
      "sweep --config sweep.yaml --parallel 2 --out runs/sweep",
      "sweep --resume --out runs/sweep",
      "sweep status runs/sweep",
      "sweep cancel runs/sweep",
    ],
    sources: async ({ config, resume, out, set }) => [
      ...(typeof config === "string" ? [await fromFile(config)] : []),
      ...(resume && typeof out === "string" && !config ? await fromDirectory(out) : []),
      fromAssignments(sweepFields, (set as string[] | undefined) ?? []),
    ],
    files: async (_, { config, model, data, dataRoot, out }) => ({
      reads: [...touched("--config", config), ...touched("--model", model), ...(await dataFiles(data, dataRoot))],
      writes:
        out === undefined
          ? []
          : [SWEEP, "sweep.csv", "sweep.md", "sweep.html"].flatMap((name) =>
              touched(`--out: ${name}`, fileAt(out, name)),
            ),
    }),
    async run(_, asked, out, sources) {
      const interrupt = interruption(
        (line) => out.warn(line),
        "stopping every trial after its step, with a checkpoint",
      );
      try {
        const sweep = await openSweep(asked, sources, { out, interruption: interrupt });
        return (await runSweep(sweep)) || (interrupt.unheard() ?? 0);
      } finally {
        interrupt.release();
      }
    },
  })
    .addCommand(statusCommand())
    .addCommand(cancelCommand())
    .addCommand(mlflowCommand())
    .addCommand(slurmCommand())
    .addCommand(kubernetesCommand());

/** The settings of the sweep that is resumed. */
async function fromDirectory(out: string): Promise<SettingSource[]> {
  const saved = await savedSweep(storeAt(out));
  return saved ? [{ label: (key) => `${fileAt(out, SWEEP)}: ${key}`, values: saved.config }] : [];
}
