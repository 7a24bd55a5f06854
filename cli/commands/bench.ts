/** `espalier bench`: how long a model takes, or two in turn. */
import { change, counted, milliseconds, type Table, timedBatches, timeModels, write } from "espalier";
import { readBytes, readModel } from "espalier/node";
import { z } from "zod";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import { integerField, numberListField } from "../settings/field.ts";
import { modelFields, readingOf } from "../settings/model-fields.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { terminalTable } from "../terminal/terminal-table.ts";

export const benchCommand = () =>
  command({
    name: "bench",
    about: "Measures latency: the median of many runs, two models in turn, and their ratio.",
    arguments: [
      ["<a.onnx>", "a model"],
      ["[b.onnx]", "another, to compare"],
    ],
    fields: {
      batch: numberListField("batch sizes (default 1,128)", "integers ≥ 1", z.int().min(1)),
      runs: integerField("timed runs of each model (default 50)", { min: 1 }),
      warmup: integerField("untimed runs first (default 5)", { min: 0 }),
      ...modelFields,
      ...engineFields,
    },
    examples: [
      "bench runs/a/model.onnx runs/a/small.onnx",
      "bench runs/a/small.onnx --batch 1,16,256 --runs 200 --threads 1",
      "bench a.onnx b.onnx --json",
    ],
    files: writesNothing,
    async run([a, b], values, out) {
      const engine = engineOf(values);
      const files = [a!, ...(b ? [b] : [])];
      const models = await Promise.all(
        files.map(async (file) => {
          const model = await readModel(file, readingOf(values));
          return { model, bytes: values.precision === "float32" ? write(model) : await readBytes(file) };
        }),
      );
      const { runs = 50, warmup = 5 } = values;
      const batches = [];
      for (const batch of timedBatches(
        models.map((m) => m.model),
        values.batch ?? [1, 128],
      )) {
        const [first, second] = await timeModels(engine, models, batch, { runs, warmup });
        batches.push({ batch, a: first, ...(b && { b: second, ratio: first / second }) });
      }
      const result = { a, ...(b && { b }), runs, threads: engine.threads, device: engine.device, batches };
      const table: Table = {
        head: ["batch", a!, ...(b ? [b, "B against A"] : [])],
        text: [],
        rows: batches.map((row) => [
          String(row.batch),
          milliseconds(row.a),
          ...(row.b === undefined ? [] : [milliseconds(row.b), change(row.a, row.b, "faster", "slower")]),
        ]),
      };
      out.result(
        result,
        `${terminalTable(table, out)}\n\nmedian of ${runs} runs, ${counted(engine.threads, "thread")}, ${engine.device}`,
      );
      return 0;
    },
  });
