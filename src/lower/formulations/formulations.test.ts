/**
 * Every formulation of the table against the plain one, by value, over a grid of shapes. A formulation that no case
 * reaches fails; a new one is tested by its line in the table.
 */
import { describe, expect, test } from "vitest";
import { loadGraph } from "../../../test/fixtures/autodiff/run.ts";
import { backward } from "../../autodiff/backward.ts";
import { builder } from "../../graph/builder.ts";
import type { MeaningName } from "../../graph/meanings.ts";
import { f32, i64, size } from "../../graph/tensor.ts";
import type { Attrs, Graph, Shape, Tensor } from "../../graph/types.ts";
import { prune } from "../../graph/walk.ts";
import { Random } from "../../math/random.ts";
import { lower } from "../lower.ts";
import { keyOf } from "../pattern.ts";
import { optionsOf, sitesOf } from "../sites.ts";
import { portable, targetOf } from "../target.ts";
import { patterns } from "./index.ts";

const plainCpu = targetOf({ device: "cpu", threads: 1 });

/** The block with which this processor's NCHWc kernels compute rightly; undefined where it has none. */
async function probeBlock(): Promise<number | undefined> {
  const { graph, feeds } = program(
    {
      op: "Conv",
      in: [
        [1, 32, 5, 5],
        [32, 32, 3, 3],
      ],
    },
    new Random(5, "verify"),
  );
  const [site] = sitesOf(graph).filter((s) => s.of === "Conv");
  const plain = await run(lower(graph, portable), feeds);
  for (const block of [16, 8]) {
    const blocked = lower(graph, { ...plainCpu, block }, { [keyOf(site)]: "blocks" });
    const got = await run(blocked, feeds).catch(() => undefined); // a processor without these kernels refuses them
    if (got && distance(got, plain) < 1e-5) return block;
  }
  return undefined;
}

/** An operator whose gradient has the pattern. */
interface Case {
  readonly op: string;
  /** Inputs to differentiate, by shape; a tensor is a constant. */
  readonly in: readonly (Shape | Tensor)[];
  readonly attrs?: Attrs;
}

/** Every combination of one entry of each list. */
const product = <T extends Record<string, readonly unknown[]>>(lists: T): { [K in keyof T]: T[K][number] }[] =>
  Object.entries(lists).reduce<Record<string, unknown>[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((v) => ({ ...one, [key]: v }))),
    [{}],
  ) as { [K in keyof T]: T[K][number] }[];

const fits = (spatial: Shape, { kernel_shape, pads, dilations }: Record<string, Shape>): boolean =>
  spatial.every((d, i) => d + pads[i] + pads[i + spatial.length] > dilations[i] * (kernel_shape[i] - 1));

const images = product({
  kernel_shape: [
    [1, 1],
    [3, 3],
    [2, 3],
  ],
  strides: [
    [1, 1],
    [2, 2],
  ],
  pads: [
    [0, 0, 0, 0],
    [1, 1, 1, 1],
    [1, 0, 2, 1],
  ],
  dilations: [
    [1, 1],
    [2, 1],
  ],
  group: [1, 2],
});

const convolutions: readonly Case[] = [
  ...images.map(({ group, ...a }, i): Case => {
    const [n, spatial] = [1 + 2 * (i % 2), [4 + (i % 3), 5]];
    return {
      op: "Conv",
      in: [
        [n, 4, ...spatial],
        [6, 4 / group, ...a.kernel_shape],
      ],
      attrs: { ...a, group },
    };
  }),
  {
    op: "Conv",
    in: [
      [2, 5, 9],
      [3, 5, 4],
    ],
    attrs: { strides: [2], pads: [3, 1], dilations: [2] },
  },
  {
    op: "Conv",
    in: [
      [1, 2, 4, 3, 5],
      [3, 2, 2, 3, 2],
    ],
    attrs: { pads: [1, 1, 0, 0, 1, 1], strides: [1, 1, 2] },
  },
  {
    op: "Conv",
    in: [
      [2, 9, 17, 18],
      [2, 9, 3, 2],
    ],
    attrs: { pads: [1, 0, 2, 1], dilations: [1, 2] },
  },
  {
    op: "Conv",
    in: [
      [2, 9, 17, 16],
      [3, 9, 1, 1],
    ],
  },
  {
    op: "Conv",
    in: [
      [2, 4, 7, 7],
      [4, 1, 3, 3],
    ],
    attrs: { group: 4 },
  },
  {
    op: "Conv",
    in: [
      [2, 3, 2, 2],
      [4, 3, 2, 2],
    ],
  }, // one position
  { op: "Conv", in: [[2, 32, 5, 4], [16, 32, 3, 3], [16]], attrs: { pads: [1, 1, 1, 1] } },
  {
    op: "Conv",
    in: [
      [1, 16, 7, 7],
      [32, 16, 3, 2],
    ],
    attrs: { pads: [1, 0, 2, 1], dilations: [2, 1] },
  },
  {
    op: "ConvTranspose",
    in: [
      [2, 3, 4, 5],
      [3, 2, 3, 3],
    ],
  },
  {
    op: "ConvTranspose",
    in: [
      [1, 4, 4, 3],
      [4, 3, 3, 2],
    ],
    attrs: { group: 2, strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 0] },
  },
  {
    op: "ConvTranspose",
    in: [
      [1, 9, 5],
      [9, 3, 3],
    ],
    attrs: { strides: [3], dilations: [2], output_padding: [2] },
  },
];

const pools = [
  { in: [[2, 3, 4, 6]], attrs: { kernel_shape: [2, 3], strides: [2, 3] } },
  { in: [[1, 2, 5, 5]], attrs: { kernel_shape: [1, 5], strides: [1, 5] } },
  { in: [[2, 3, 6]], attrs: { kernel_shape: [2], strides: [2] } },
  { in: [[3, 1, 7, 7]], attrs: { kernel_shape: [7, 7], strides: [7, 7] } },
  { in: [[1, 2, 6, 6]], attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1] } }, // no tiles
  { in: [[1, 2, 8, 96]], attrs: { kernel_shape: [8, 8], strides: [8, 8] } }, // long tiles: 768 elements
];

const cases: { readonly [K in MeaningName]: readonly Case[] } = {
  AveragePoolGradient: pools.map((c) => ({ op: "AveragePool", ...c })),
  Conv: convolutions,
  ConvInputGradient: convolutions,
  ConvWeightGradient: convolutions,
  MaxPoolGradient: pools.map((c) => ({ op: "MaxPool", ...c })),
  PutBack: [
    { op: "Gather", in: [[4, 3], i64([2, 0, -1])], attrs: { axis: 0 } },
    { op: "Gather", in: [[3, 5], i64([3, 1, 4, 0, 2])], attrs: { axis: 1 } },
    { op: "Gather", in: [[2, 5, 3], i64([1, 1, 4, 0, 1, -2], [2, 3])], attrs: { axis: 1 } },
    { op: "Gather", in: [[2, 3], i64([1], [])], attrs: { axis: 0 } },
    { op: "Pad", in: [[3, 4]], attrs: { pads: [2, 1, 1, 3], mode: "reflect" } },
  ],
  ReluGradient: [{ op: "Relu", in: [[2, 3, 5]] }],
};

/** Elements in quarters, so that windows tie, and signs and zeros occur. */
const draw = (shape: Shape, random: Random): Tensor =>
  f32(
    Array.from({ length: size(shape) }, () => (random.int(13) - 6) / 4),
    shape,
  );

/** The operator and the gradients of Σ r·y for random r. */
function program(c: Case, random: Random): { graph: Graph; feeds: Record<string, Tensor> } {
  const g = builder();
  const feeds: Record<string, Tensor> = {};
  const inputs = c.in.map((x, i) => {
    if ("data" in x) return g.constant(x);
    feeds[`x${i}`] = draw(x, random);
    return g.input(`x${i}`, "float32", x);
  });
  const y = g.emit(c.op, inputs, c.attrs)[0];
  const loss = g.ReduceSum(g.Mul(y, g.constant(draw(y.shape, random))), { keepdims: 0 });
  const wrt = inputs.filter((v) => feeds[v.name]);
  const gradients = backward(g, loss, wrt);
  g.output(y, "y");
  for (const v of wrt) g.output(gradients.get(v)!, `d${v.name}`);
  return { graph: prune(g.build()), feeds };
}

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<number[]> {
  const runnable = await loadGraph(graph);
  const out = await runnable.run(feeds);
  await runnable.release();
  return Object.values(out).flat();
}

/** Largest difference, relative to the largest element or 1. */
function distance(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  const scale = b.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
  return a.reduce((m, x, i) => Math.max(m, Math.abs(x - b[i])), 0) / scale;
}

describe("formulations agree with the plain one", () => {
  for (const [of, list] of Object.entries(cases) as [MeaningName, readonly Case[]][])
    test(of, async () => {
      const random = new Random(3, "verify");
      const reached = new Set<string>();
      const block = await probeBlock();
      const cpu = { ...plainCpu, block };
      for (const c of list) {
        const attrs = c.attrs as Record<string, Shape> | undefined;
        if (c.op === "Conv" && attrs?.pads && attrs.dilations && attrs.kernel_shape)
          if (!fits((c.in[0] as Shape).slice(2), attrs)) continue;
        const { graph, feeds } = program(c, random);
        const sites = sitesOf(graph).filter((site) => site.of === of);
        const plain = await run(lower(graph, cpu, everywhere(graph, "plain")), feeds);
        for (const name of new Set(sites.flatMap((site) => optionsOf(site, cpu)))) {
          if (name === "plain") continue;
          const choices = { ...everywhere(graph, "plain"), ...Object.fromEntries(sites.map((s) => [keyOf(s), name])) };
          expect(
            distance(await run(lower(graph, cpu, choices), feeds), plain),
            `${name}: ${keyOf(sites[0])}`,
          ).toBeLessThan(1e-5);
          reached.add(name);
        }
      }
      const here = Object.keys(patterns[of]).filter((name) => block || name !== "blocks");
      expect([...reached].sort()).toEqual(here.sort());
    });
});

const everywhere = (graph: Graph, name: string) => Object.fromEntries(sitesOf(graph).map((s) => [keyOf(s), name]));
