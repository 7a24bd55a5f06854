/** Every public function, called with what it does not take: it says what it wants, and hangs nowhere. */
import { describe, expect, test } from "vitest";
import { fromArrays } from "./data/dataset.ts";
import { EspalierError, UsageError } from "./error.ts";
import * as everywhere from "./index.ts";
import { mlp } from "./models/mlp.ts";
import * as nodeHalf from "./node.ts";
import { memory } from "./train/memory.ts";

const WRONG: readonly unknown[] = [undefined, null, {}, [], 5, Number.NaN, "x", true, () => 1];

/** They show what the library made, or are its words: whatever they are given is shown, and nothing is decided by it. */
const SHOWING: readonly string[] = [
  "beforeAfterTable",
  "change",
  "changeRow",
  "comparisonCharts",
  "comparisonHtml",
  "comparisonMarkdown",
  "count",
  "counted",
  "courseChart",
  "curveChart",
  "didYouMean",
  "duration",
  "fileSize",
  "frontTable",
  "isLossy",
  "layerTable",
  "lineChart",
  "listed",
  "markdown",
  "mean",
  "median",
  "methodCsv",
  "methodFolder",
  "methodResults",
  "methodTable",
  "milliseconds",
  "named",
  "nearest",
  "percent",
  "rankTable",
  "removalTable",
  "reportHtml",
  "sampleDeviation",
  "say",
  "shapeText",
  "significant",
  "sweepCharts",
  "sweepHtml",
  "sweepLead",
  "sweepMarkdown",
  "sweepTable",
  "systemReason",
  "turned",
  "visible",
  "visibleJson",
  "worded",
];

type Callable = (...args: readonly unknown[]) => unknown;
const isCallable = (x: unknown): x is Callable => typeof x === "function" && !/^class\b/.test(String(x));
const groups = { "": { ...everywhere, ...nodeHalf }, "models.": everywhere.models, "datasets.": nodeHalf.datasets };
const functions = Object.entries(groups).flatMap(([prefix, group]) =>
  Object.entries(group).flatMap(([name, f]): [string, Callable][] =>
    isCallable(f) ? [[prefix + name, f as Callable]] : [],
  ),
);

/** What became of a call: whatever it throws or rejects with, "returned", or "hangs". */
async function outcome(f: Callable, args: readonly unknown[]): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve("hangs"), 20_000);
  });
  try {
    return await Promise.race([Promise.resolve(f(...args)).then(() => "returned"), late]);
  } catch (e) {
    return e;
  } finally {
    clearTimeout(timer);
  }
}

/** Every argument wrong, and for functions of several each of the later ones wrong behind those that are right. */
const model = mlp({ sizes: [2, 2] });
const data = fromArrays(
  [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
  ],
  [0, 1, 0, 1, 0],
);
const RIGHT: readonly (readonly unknown[])[] = [
  [model],
  [data],
  [model, data],
  [model, model],
  [memory()],
  [model.graph],
  [nodeHalf.node({ threads: 1 })],
];
const calls = [
  ...WRONG.flatMap((w) => [[w], [w, w, w]]),
  ...RIGHT.flatMap((right) => [undefined, null, {}, 5, "x"].map((w) => [...right, w, w])),
];
/** Milliseconds after which a call that returns is one that does what it is for, whatever it is given. */
const WORKING = 100;

const checked = functions.filter(([name]) => !SHOWING.includes(name));

describe("a wrong argument is an error of ours", () => {
  test("the functions are found", () => {
    expect(checked.length).toBeGreaterThan(60);
    expect(SHOWING.filter((name) => !functions.some(([n]) => n === name))).toEqual([]);
  });

  test.each(checked)("%s", async (_, f) => {
    const wrong: string[] = [];
    for (const args of calls) {
      const begun = performance.now();
      const result = await outcome(f, args);
      if (result === "returned" && performance.now() - begun > WORKING) break;
      if (result === "hangs" || (result instanceof Error && !(result instanceof EspalierError)))
        wrong.push(`(${args.map((a) => (typeof a === "object" ? "object" : String(a)))}): ${result}`);
    }
    expect(wrong).toEqual([]);
  });
});

const engine = nodeHalf.node({ threads: 1 });
const options = { engine, optimizer: everywhere.sgd(), schedule: everywhere.constant({ lr: 0.1 }), epochs: 1 };
const untyped = (f: unknown) => f as Callable;

describe("said by name", () => {
  const train = untyped(everywhere.train);
  test.each<[string, () => unknown, RegExp]>([
    ["train without options", () => train(model, data), /train wants an object\n +argument +options\n +got +undefined/],
    [
      "train without an engine",
      () => train(model, data, { ...options, engine: undefined }),
      /train wants an engine[\s\S]*argument +engine/,
    ],
    [
      "train without an optimizer",
      () => train(model, data, { ...options, optimizer: "sgd" }),
      /wants an optimizer[\s\S]*got +"sgd"/,
    ],
    ["train without a schedule", () => train(model, data, { ...options, schedule: 0.1 }), /wants a schedule/],
    [
      "epochs as a text",
      () => train(model, data, { ...options, epochs: "5" }),
      /argument +epochs\n +got +"5"\n +wanted +a number/,
    ],
    [
      "a path for a store",
      () => train(model, data, { ...options, store: "runs/a" }),
      /wants a store[\s\S]*directory\(path\)/,
    ],
    [
      "one pattern for several",
      () => train(model, data, { ...options, freeze: "fc1.*" }),
      /argument +freeze[\s\S]*a list/,
    ],
    ["a graph for a model", () => train(model.graph, data, options), /train wants a model/],
    ["read of nothing", () => untyped(everywhere.read)(undefined), /read wants a Uint8Array[\s\S]*got +undefined/],
    ["read of a path", () => untyped(everywhere.read)("a.onnx"), /got +"a\.onnx"/],
    ["write of nothing", () => untyped(everywhere.write)(null), /write wants a model[\s\S]*got +null/],
    ["shrink of nothing", () => untyped(everywhere.shrink)(undefined), /shrink wants a model/],
    ["shrink without an engine", () => untyped(everywhere.shrink)(model, {}), /shrink wants an engine/],
    [
      "momentum as a text",
      () => untyped(everywhere.sgd)({ momentum: "0.9" }),
      /momentum is out of range\n +got +0\.9\n/,
    ],
    ["lr as a text", () => untyped(everywhere.constant)({ lr: "0.1" }), /lr must be positive\n +got +"0\.1"/],
    [
      "an lr that vanishes",
      () => everywhere.constant({ lr: 1e-320 }),
      /lr is out of range\n +got +1e-320\n +wanted .*float32/,
    ],
    ["an lr beyond float32", () => everywhere.multiStep({ lr: 1e39, milestones: [1] }), /at most 3\.4e38/],
    ["a lambda that vanishes", () => everywhere.l1({ lambda: 1e-60 }), /lambda is out of range/],
    [
      "a split that is none",
      () => everywhere.evaluate(model, { ...data, test: untyped(undefined) as never }, { engine }),
      /the test samples/,
    ],
  ])("%s", async (_, call, said) => {
    const error = await outcome(async () => call(), []);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toMatch(said);
    expect((error as UsageError).details).toHaveProperty("wanted");
  });
});
