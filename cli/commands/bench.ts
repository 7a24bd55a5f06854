/** `espalier bench`: how long a model takes, or two in turn. */
import {
  compareLatency,
  counted,
  type LatencyComparison,
  milliseconds,
  significant,
  type Table,
  timedBatches,
  write,
} from "espalier";
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
    about:
      "Measures latency: the median of many runs with its 95 % interval; of two models in turn, and whether the second really is faster.",
    arguments: [
      ["<a.onnx>", "a model"],
      ["[b.onnx]", "another, to compare"],
    ],
    fields: {
      batch: numberListField("batch sizes (default 1,128)", "integers ≥ 1", z.int().min(1)),
      runs: integerField("timed runs of each model (default 60)", { min: 1 }),
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
      const { runs = 60, warmup = 5 } = values;
      const batches = [];
      for (const batch of timedBatches(
        models.map((m) => m.model),
        values.batch ?? [1, 128],
      ))
        batches.push({ batch, ...named(await compareLatency(engine, models, batch, { runs, warmup })) });
      const result = { a, ...(b && { b }), runs, threads: engine.threads, device: engine.device, batches };
      const table: Table = {
        head: ["batch", a!, ...(b ? [b, "B against A"] : [])],
        text: [],
        rows: batches.map((row) => [
          String(row.batch),
          range(row.aInterval, row.a),
          ...(row.b === undefined ? [] : [range(row.bInterval, row.b), verdictOf(row)]),
        ]),
      };
      out.result(
        result,
        `${terminalTable(table, out)}\n\nmedian of ${runs} runs (95 % interval), ${counted(engine.threads, "thread")}, ${engine.device}`,
      );
      return 0;
    },
  });

/** Of one model, or of two. */
function named({ ms: [a, b], speedups: [speedup] }: LatencyComparison) {
  const interval = ({ low, high }: { low: number; high: number }) => [low, high] as const;
  return {
    a: a.value,
    aInterval: interval(a),
    ...(b && { b: b.value, bInterval: interval(b) }),
    ...(speedup && { ratio: speedup.value, ratioInterval: interval(speedup), verdict: speedup.verdict }),
  };
}

type Row = ReturnType<typeof named>;

const range = (interval: readonly [number, number] | undefined, value: number): string =>
  interval ? `${milliseconds(value)} (${interval.map(significant).join(" … ")})` : milliseconds(value);

/** A ratio below 1 is told the other way round. */
function verdictOf({ ratio = 1, ratioInterval = [1, 1], verdict }: Row): string {
  const [low, high] = ratioInterval;
  const text = (value: number, from: number, to: number) =>
    `${value.toFixed(2)}× (${from.toFixed(2)} … ${to.toFixed(2)})`;
  if (verdict === "faster") return `faster ${text(ratio, low, high)}`;
  if (verdict === "slower") return `slower ${text(1 / ratio, 1 / high, 1 / low)}`;
  return `not told apart ${text(ratio, low, high)}`;
}
