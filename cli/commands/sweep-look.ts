/** `espalier sweep status` and `sweep cancel`: a sweep from outside, by its files, wherever it runs. */

import type { Command } from "commander";
import {
  frontTable,
  logToMlflow,
  type SweepResult,
  savedSweep,
  surveySweep,
  sweepLead,
  sweepTable,
  UsageError,
  writeJson,
} from "espalier";
import { environment, storeAt } from "espalier/node";
import { z } from "zod";
import { fileOrigins } from "../settings/config.ts";
import { engineOf } from "../settings/engine-fields.ts";
import { text } from "../settings/field.ts";
import { plannedSweep } from "../settings/sweep-plan.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { savedSettingsOf } from "./sweep-open.ts";
import { SLURM, slurmStates } from "./sweep-scripts.ts";

/** Stands in the directory of a sweep that is to end. */
export const CANCELLED = "cancelled.json";

const folderOf = (given: string | undefined): string => {
  if (given !== undefined) return given;
  throw new UsageError("missing", "the directory of the sweep is missing", { wanted: "<folder>" });
};

/** A sweep as it stands, by its folder alone. */
async function lookedAt(folder: string): Promise<SweepResult> {
  const config = await savedSettingsOf(folder);
  const { plan, keyOf } = plannedSweep(config, fileOrigins(folder));
  const store = storeAt(folder);
  const title = (await savedSweep(store))?.title ?? folder;
  return surveySweep(plan, { title, config, environment: environment(engineOf(config)) }, store, keyOf);
}

export const statusCommand = (): Command =>
  command({
    name: "status",
    about: "Shows how far a sweep is, wherever it runs: every trial by its own files.",
    arguments: [["<folder>", "directory of the sweep"]],
    fields: {},
    examples: ["sweep status runs/sweep"],
    files: writesNothing,
    async run([given], _, out) {
      const folder = folderOf(given);
      const result = await lookedAt(folder);
      const { config: _config, environment: _environment, ...shown } = result;
      const trials = shown.trials.map(({ epochs, ...t }) => ({ ...t, epochs: epochs.length }));
      const front = result.front.length > 0 ? [terminalTable(frontTable(result), out)] : [];
      const slurm = await slurmSaid(folder);
      const lead = slurm === undefined ? sweepLead(result) : `${sweepLead(result)}; Slurm: ${slurm}`;
      const text = [lead, terminalTable(sweepTable(result), out), ...front];
      out.result({ out: folder, ...shown, trials, ...(slurm !== undefined && { slurm }) }, text.join("\n\n"));
      return 0;
    },
  });

const submitted = z.object({ job: z.string().regex(/^\d+$/) });

/** What Slurm says of the workers that were submitted. */
async function slurmSaid(folder: string): Promise<string | undefined> {
  const bytes = await storeAt(folder).read(SLURM);
  const noted = bytes && submitted.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  return noted && slurmStates(noted.job);
}

export const cancelCommand = (): Command =>
  command({
    name: "cancel",
    about: "Ends a sweep wherever it runs: after the current step, with checkpoints. It can be gone on with.",
    arguments: [["<folder>", "directory of the sweep"]],
    fields: {},
    examples: ["sweep cancel runs/sweep"],
    files: writesNothing,
    async run([given], _, out) {
      const folder = folderOf(given);
      await savedSettingsOf(folder);
      await writeJson(storeAt(folder), CANCELLED, { cancelled: true });
      const resume = `npx espalier sweep --resume --out ${folder}`;
      out.result({ out: folder, cancelled: true, resume }, `all who work on it stop; go on with\n  ${resume}`);
      return 0;
    },
  });

export const mlflowCommand = (): Command =>
  command({
    name: "mlflow",
    about: "Logs the trials of a sweep to an MLflow server as runs; called again it makes none twice.",
    arguments: [["<folder>", "directory of the sweep"]],
    fields: {
      url: text("of the tracking server", "http://host:port"),
      experiment: text("name of the experiment (default: the sweep's title)", "name"),
    },
    examples: ["sweep mlflow runs/sweep --url http://127.0.0.1:5000"],
    files: writesNothing,
    async run([given], { url, experiment }, out) {
      const folder = folderOf(given);
      if (url === undefined)
        throw new UsageError(
          "missing",
          "the address of the server is missing",
          { wanted: "--url" },
          "for example --url http://127.0.0.1:5000",
        );
      const result = await lookedAt(folder);
      const logged = await logToMlflow(result, { url, ...(experiment !== undefined && { experiment }) });
      out.result({ out: folder, url, ...logged }, `${logged.made} runs made, ${logged.there} were there`);
      return 0;
    },
  });
