/** Nothing is lost: a run killed at any step and resumed ends with the same bytes as one that was left alone. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digits, read, type TrainOptions, train } from "espalier";
import { node } from "espalier/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builder } from "../src/graph/builder.ts";
import { f32, full, size } from "../src/graph/tensor.ts";
import { Random } from "../src/math/random.ts";
import { write } from "../src/onnx/write.ts";
import { decodeCheckpoint } from "../src/train/checkpoint.ts";
import { memory } from "../src/train/memory.ts";

type Method = Pick<TrainOptions, "optimizer" | "schedule" | "penalty" | "lambdaWarmup" | "shrinkEvery">;
const table = new URL("./support/resume-methods.mjs", import.meta.url).href;
const { methods } = (await import(table)) as { readonly methods: Readonly<Record<string, Method>> };
const { trainInto } = (await import(new URL("./support/whole-run.mjs", import.meta.url).href)) as {
  trainInto(file: string, path: string, method: string, onProgress: () => void): Promise<void>;
};

const folder = mkdtempSync(join(tmpdir(), "espalier-resume-"));
const file = join(folder, "net.onnx");
const child = new URL("./support/train-child.mjs", import.meta.url).pathname;
const random = new Random(Date.now(), "verify"); // a different place to kill at every time

/** conv → batch norm → relu → pool → dropout → dense: running statistics and dropout masks are in play. */
beforeAll(() => {
  const g = builder("net");
  const draw = new Random(1, "init");
  const weight = (name: string, shape: number[]) =>
    g.initializer(
      name,
      f32(
        Float32Array.from({ length: size(shape) }, () => draw.normal() / 5),
        shape,
      ),
    );
  const x = g.input("x", "float32", [1, 1, 28, 28]);
  const conv = g.Conv(x, weight("conv.weight", [6, 1, 5, 5]), null, { strides: [2, 2] });
  const vectors = ["scale", "bias", "mean", "var"].map((n, i) => g.initializer(`bn.${n}`, full([6], i % 3 ? 0 : 1)));
  const [scale, bias, mean, variance] = vectors;
  const bn = g.BatchNormalization(conv, scale, bias, mean, variance);
  const [pooled] = g.MaxPool(g.Relu(bn), { kernel_shape: [2, 2], strides: [2, 2] });
  const flat = g.Dropout(g.Flatten(pooled), { ratio: 0.2 });
  g.output(g.Gemm(flat, weight("fc.weight", [10, 216]), weight("fc.bias", [10]), { transB: 1 }), "y");
  const dims = new Map([
    ["x", ["batch", 1, 28, 28]],
    ["y", ["batch", 10]],
  ]);
  writeFileSync(file, write({ graph: g.build(), opset: 17, dims, metadata: new Map() }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the child and kills it after `kill` steps. Resolves to its number of steps. */
function killed(path: string, method: string, kill: number): Promise<{ code: number | null; steps: number }> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, file, path, method], {
      cwd: new URL("..", import.meta.url).pathname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let steps = 0;
    process_.stdout.on("data", (text: Buffer) => {
      steps += text.toString().split("\n").length - 1;
      if (steps >= kill) process_.kill("SIGKILL");
    });
    process_.on("error", reject);
    process_.on("exit", (code) => resolve({ code, steps }));
  });
}

/** How often each method is killed, where that is more than once. */
const kills: Readonly<Record<string, number>> = { rmda: 3, sgd: 2, hspg: 2, rmdaNuclear: 2 };

test("the penalties that are more than a group's prox are among them", () => {
  const penalties = Object.values(methods).map((m) => m.penalty?.name);
  expect(penalties).toEqual(expect.arrayContaining(["nuclear", "nm", "wgsef"]));
});

/** Lengths of the stretches between stops, again and again: 32 steps are stopped after 1, 3, 6, 10, 11, 13, … */
const STRETCHES = [1, 2, 3, 4];

/** Trains for four epochs of eight steps, in one go or stopped and resumed all the way. */
async function inProcess(method: string, stopped: boolean) {
  const store = memory();
  const places: number[] = [];
  for (let steps = 0; ; ) {
    const stop = new AbortController();
    const last = stopped ? steps + STRETCHES[places.length % STRETCHES.length] : Number.POSITIVE_INFINITY;
    const run = train(read(readFileSync(file)), digits({ train: 64, test: 16, seed: 5 }), {
      engine: node({ threads: 1 }),
      ...methods[method],
      epochs: 4,
      batchSize: 8,
      seed: 7,
      augment: { crop: 2, flip: true },
      store,
      resume: true,
      signal: stop.signal,
      onProgress: () => ++steps === last && stop.abort(),
    });
    for await (const _ of run);
    places.push(steps);
    if (!run.finished) continue;
    const { tensors } = await decodeCheckpoint(store.files.get("checkpoint.safetensors")!);
    const state = [...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("base64")]);
    const history = run.history.map((m) => ({ ...m, seconds: 0, msPerStep: 0, statisticsSeconds: 0 }));
    return { places, state: Object.fromEntries(state), history };
  }
}

test.each(Object.keys(methods))(
  "%s: stopped after one to four steps all the way, it ends in the same state",
  async (method) => {
    const whole = await inProcess(method, false);
    const cut = await inProcess(method, true);
    expect(whole.places).toEqual([32]);
    expect(cut.places).toEqual([1, 3, 6, 10, 11, 13, 16, 20, 21, 23, 26, 30, 31, 32]);
    expect(cut.history).toEqual(whole.history);
    const computed = new Set(whole.history.map((m) => m.stepParams?.after));
    expect(computed.size > 1, "channels left while it trained").toBe(methods[method].shrinkEvery !== undefined);
    expect(cut.state).toEqual(whole.state);
  },
);

test.each(Object.keys(methods).map((method) => [method, kills[method] ?? 1] as const))(
  "%s: killed by SIGKILL and resumed, it ends with the same bytes",
  async (method, times) => {
    const whole = join(folder, `${method}-whole`);
    let steps = 0;
    await trainInto(file, whole, method, () => steps++);
    expect(steps).toBe(44); // 330 samples: ten batches of 32 and one of 10, four epochs
    const cut = join(folder, `${method}-cut`);
    let taken = 0;
    for (let i = 0; i < times; i++) {
      const child = await killed(cut, method, 1 + random.int(13));
      expect(child.code, "the run was still going when it was killed").toBeNull();
      taken += child.steps;
    }
    await trainInto(file, cut, method, () => {});
    const bytes = (path: string, name: string) => readFileSync(join(path, name));
    expect(
      bytes(cut, "model.onnx").equals(bytes(whole, "model.onnx")),
      `killed ${times} times within ${taken} steps`,
    ).toBe(true);
    const untimed = (path: string) =>
      bytes(path, "metrics.jsonl")
        .toString()
        .trim()
        .split("\n")
        .map((line) => ({ ...JSON.parse(line), seconds: 0, msPerStep: 0, statisticsSeconds: 0 }));
    expect(untimed(cut)).toEqual(untimed(whole));
    expect(untimed(cut)).toHaveLength(4);
    expect(readdirSync(cut).sort()).toEqual(["checkpoint.safetensors", "metrics.jsonl", "model.onnx"]);
  },
);
