/** `espalier compare`: several methods with several seeds on one problem, and what they came to. */
import { join } from "node:path";
import { COMPARISON, methodFolder } from "espalier";
import { compareFields } from "../settings/compare-fields.ts";
import { fromAssignments, fromFile, type SettingSource } from "../settings/config.ts";
import { readSaved } from "../settings/saved-comparison.ts";
import { command, setOption } from "../terminal/command.ts";
import { dataFiles, runFiles, touched } from "../terminal/files.ts";
import { interruption } from "../terminal/interrupt.ts";
import { openComparison } from "./compare-open.ts";
import { runComparison } from "./compare-runs.ts";

/** In the help; a test runs it. */
const notes = `A configuration, in YAML:
  # shared by all methods: any setting of \`espalier train --help\`, without the dashes in front
  model: lenet5
  data: digits
  epochs: 15
  lambda: 1e-3
  # every method runs with each of them (default: 1)
  seeds: [1, 2, 3]
  # names of your own, each with settings that win over the shared ones; null takes a shared one away
  methods:
    dense: { optimizer: sgd, lambda: null }
    RMDA: { optimizer: rmda, milestones: [8, 12] }`;

export const compareCommand = () =>
  command({
    name: "compare",
    about: "Trains several methods with several seeds on one problem; writes tables and charts of what they came to.",
    fields: compareFields,
    flags: ["config", "out", "resume", "overwrite", "dataRoot", "threads", "device"],
    options: [setOption("any setting of the file by its name")],
    notes,
    examples: [
      "compare --config examples/compare.yaml",
      "compare --config compare.yaml --set epochs=5 --set seeds=1,2 --set 'methods.RMDA={optimizer: rmda}'",
      "compare --resume --out runs/lenet5-methods",
    ],
    sources: async ({ config, resume, out, set }) => [
      ...(typeof config === "string" ? [await fromFile(config)] : []),
      ...(resume && typeof out === "string" && !config ? await fromDirectory(out) : []),
      fromAssignments(compareFields, (set as string[] | undefined) ?? []),
    ],
    files: async (_, { config, model, data, dataRoot, methods, seeds = [1], out }) => {
      const folders = new Set(
        Object.keys(methods ?? {}).flatMap((m) => seeds.map((s) => `${methodFolder(m)}/seed-${s}`)),
      );
      const own = [COMPARISON, "compare.csv", "compare.md", "compare.html"];
      return {
        reads: [...touched("--config", config), ...touched("--model", model), ...(await dataFiles(data, dataRoot))],
        writes:
          out === undefined
            ? []
            : [
                ...own.flatMap((name) => touched(`--out: ${name}`, join(out, name))),
                ...runFiles(...[...folders].map((inner) => join(out, inner))),
              ],
      };
    },
    async run(_, asked, out, sources) {
      const interrupt = interruption((line) => out.warn(line));
      try {
        const { where, release } = await openComparison(asked, sources, out, interrupt);
        try {
          return (await runComparison(where)) || (interrupt.unheard() ?? 0);
        } finally {
          await release();
        }
      } finally {
        interrupt.release();
      }
    },
  });

/** The settings of the comparison that is resumed. */
async function fromDirectory(out: string): Promise<SettingSource[]> {
  const saved = await readSaved(out);
  return saved ? [{ label: (key) => `${join(out, COMPARISON)}: ${key}`, values: saved.config }] : [];
}
