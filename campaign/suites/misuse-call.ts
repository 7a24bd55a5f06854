/** Calls of the library with arguments of any kind: done, or refused with an error that says what was wrong. */
import * as espalier from "espalier";
import { node } from "espalier/node";
import type { Random } from "../../src/math/random.ts";
import { fixtures } from "../mutate/onnx.ts";
import { chance, HOSTILE_NUMBERS, HOSTILE_TEXTS, pick } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import type { Suite } from "../suite.ts";

const { fromArrays, models, read, schedules } = {
  ...espalier,
  schedules: { constant: espalier.constant, cosine: espalier.cosine, multiStep: espalier.multiStep },
};
const numbers = (n: number) => Array.from({ length: n }, (_, i) => [i % 3, i % 4, i % 5, i % 2]);
const data = () =>
  fromArrays(
    numbers(12),
    Array.from({ length: 12 }, (_, i) => i % 2),
  );
const model = () => models.mlp({ sizes: [4, 3, 2], seed: 1, input: [4] });
const trained = {
  epochs: 1,
  batchSize: 4,
  seed: 1,
  accumulate: 1,
  lambdaWarmup: 0,
  freeze: ["fc.*"],
  checkpointSeconds: 1,
  output: "y",
};

/** What methods can be told, so that options have names that mean something. */
const optionNames = [...Object.values(espalier.optimizers), ...Object.values(espalier.penalties)].flatMap((m) =>
  "forms" in m
    ? m.forms.flatMap((f) => Object.keys(espalier.optionSpecs(f.options)))
    : Object.keys(espalier.optionSpecs(m.options)),
);

type Options = Record<string, unknown>;
/** Anything at all. */
const anything = (random: Random): unknown =>
  pick<unknown>(random, [
    undefined,
    null,
    true,
    {},
    [],
    () => 1,
    1n,
    new Uint8Array(3),
    new Map(),
    ...HOSTILE_NUMBERS,
    ...HOSTILE_TEXTS,
  ]);
/** Options with some changed, missing or too many. */
function oddOptions(random: Random, good: Options): Options {
  const more = chance(random, 0.5) ? { [pick(random, optionNames)]: anything(random) } : {};
  const one =
    chance(random, 0.5) && Object.keys(good).length > 0 ? { [pick(random, Object.keys(good))]: anything(random) } : {};
  return { ...mutatedTree(random, good, { words: optionNames }), ...more, ...one };
}

/** The same with numbers that no memory is too small for: a model of any size may be asked for. */
const small = (x: unknown): unknown =>
  typeof x === "number" && Math.abs(x) > 12
    ? x % 12
    : Array.isArray(x)
      ? x.map(small)
      : typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype
        ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, small(v)]))
        : x;
const modest = (random: Random, good: Options): Options => small(oddOptions(random, good)) as Options;

type Call = (random: Random) => unknown;
/** The library's front doors. */
const calls: Readonly<Record<string, Call>> = {
  read: (r) => read(anything(r) as Uint8Array, chance(r, 0.3) ? (anything(r) as object) : {}),
  optimizer: (r) => pick(r, Object.values(espalier.optimizers)).of(oddOptions(r, {}) as never),
  penalty: (r) => pick(r, Object.values(espalier.penalties)).of(oddOptions(r, { lambda: 1e-3 }) as never),
  schedule: (r) =>
    pick(r, Object.values(schedules))(oddOptions(r, { lr: 0.1, milestones: [1], gamma: 0.1, epochs: 3 }) as never),
  warmup: (r) => espalier.warmup(espalier.constant({ lr: 0.1 }), anything(r) as never),
  builtIn: (r) =>
    espalier.model(
      pick(r, ["logistic", "mlp7", "lenet5-small", anything(r) as string]),
      modest(r, { seed: 1, input: [1, 28, 28], classes: 10 }) as never,
    ),
  mlp: (r) => models.mlp(modest(r, { sizes: [4, 3, 2], seed: 1, input: [4] }) as never),
  digits: (r) => espalier.digits(modest(r, { train: 5, test: 3, seed: 1 }) as never),
  node: (r) => node(oddOptions(r, { threads: 1, device: "cpu" }) as never),
  groups: (r) =>
    espalier.groupSets(
      model().graph,
      pick<unknown>(r, ["coupled", anything(r), { block: anything(r) }]) as never,
      oddOptions(r, { side: "consumer" }) as never,
    ),
  train: async (r) => {
    const methods = {
      engine: node({ threads: 1 }),
      optimizer: espalier.rmda(),
      schedule: espalier.constant({ lr: 0.1 }),
    };
    const options = { ...methods, ...modest(r, trained) };
    const lacking = chance(r, 0.3) ? { ...options, [pick(r, Object.keys(methods))]: anything(r) } : options;
    const epochs = Number(lacking["epochs" as never]);
    const run = espalier.train(model(), data(), lacking as never);
    if (epochs <= 3) for await (const _ of run);
  },
  shrink: (r) =>
    espalier.shrink(
      model(),
      modest(r, {
        random: 1,
        batches: [1],
        tolerance: 1e-4,
        seed: 1,
        ...(chance(r, 0.8) && { engine: 1 }),
      }) as never,
    ),
  verify: (r) =>
    espalier.verify(model(), model(), {
      engine: node({ threads: 1 }),
      ...modest(r, { random: 1, batches: [1, 3], tolerance: 1e-4, seed: 1 }),
    } as never),
  prove: (r) => espalier.prove(read(pick(r, fixtures).bytes), anything(r) as never),
  split: (r) => espalier.splitValidation(data(), anything(r) as never),
  limit: (r) => espalier.limitTrain(data(), anything(r) as never),
};

export const misuseCall: Suite = {
  name: "misuse-call",
  about: "calls of the library with options and arguments of any kind",
  share: 1,
  async run({ random, keep }) {
    const name = pick(random, Object.keys(calls));
    keep("call.txt", name);
    await calls[name](random);
    return name;
  },
};
