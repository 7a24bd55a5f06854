/** `espalier tune`: which formulations this machine prefers. */
import { model as builtIn, milliseconds, type Table, tuneModel } from "espalier";
import { readModel } from "espalier/node";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import { integerField } from "../settings/field.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { tuningReporter } from "../terminal/tuning.ts";

export const tuneCommand = () =>
  command({
    name: "tune",
    about:
      "Times the formulations of a model's training step on this machine, shape by shape, the costly ones first, then the whole step, and keeps what it finds for train. What no time is left for is timed when it is called again. Nothing else should run.",
    arguments: [["<model>", "a built-in model's name, or a file that ends in .onnx"]],
    fields: {
      batchSize: integerField("default 128", { min: 1 }),
      seconds: integerField("how long it may take, or twenty steps where these take longer (default 20)", { min: 1 }),
      ...engineFields,
    },
    examples: [
      "tune resnet20",
      "tune vgg19 --seconds 120",
      "tune mobilenet.onnx --batch-size 32 --threads 2",
      "tune lenet5 --json",
    ],
    files: writesNothing,
    async run([name], { batchSize, seconds, ...where }, out) {
      const engine = engineOf(where);
      const model = name!.endsWith(".onnx") ? await readModel(name!) : builtIn(name!, { seed: 1 });
      const { tuning, trials, whole } = await tuneModel(model, { engine, batchSize, seconds, ...tuningReporter(out) });
      const table: Table = {
        head: ["shape", "chosen", "took", "others"],
        text: [0, 1, 3],
        rows: Object.entries(trials).map(([key, { chosen, took }]) => [
          shapesOf(key),
          chosen,
          timeOf(took[chosen]),
          Object.entries(took)
            .filter(([other]) => other !== chosen)
            .map(([other, ms]) => `${other} ${timeOf(ms)}`)
            .join(", "),
        ]),
      };
      const blocks = tuning.block === null ? "no blocked kernels" : `blocks of ${tuning.block} channels`;
      out.result(
        { model: name, ...tuning, trials, whole },
        `${terminalTable(table, out)}\n\n${tuning.engine}; ${blocks}`,
      );
      return 0;
    },
  });

/** Of a site's key the operator and its operands' shapes. */
const shapesOf = (key: string): string =>
  key
    .split(" ")
    .filter((word) => !word.includes("="))
    .join(" ");

const timeOf = (ms: number | null): string => (ms === null ? "not right here" : milliseconds(ms));
