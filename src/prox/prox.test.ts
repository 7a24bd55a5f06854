/** Value checks prox: no perturbation of prox(w) scores better on ½‖u − w‖² + step·ψ(u), and its zeros are exact. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { branchingNet } from "../../test/support/branching-net.ts";
import { type Named, penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { builder } from "../graph/builder.ts";
import { f32, full, size, tensor } from "../graph/tensor.ts";
import type { Graph, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import type { PenaltyName } from "../methods.ts";
import { groupLasso } from "./group-lasso.ts";
import { groupMcp } from "./group-mcp.ts";
import { lHalf } from "./l-half.ts";
import { l0 } from "./l0.ts";
import { l1 } from "./l1.ts";
import { l2 } from "./l2.ts";
import type { Penalty } from "./penalty.ts";
import { sef, wgsef } from "./wgsef.ts";

const random = new Random(3, "init");
const normal = (shape: readonly number[], scale = 1) =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: size(shape) }, () => scale * random.normal()),
  );

const STEP = 0.7;

/** With the step of these tests. */
const both = (penalty: Penalty, graph: Graph, metric?: Named) =>
  penaltyFunctions(penalty, graph, { step: STEP, metric });

/** Rows of every penalty, or the file that checks it in another way. */
const rows: Readonly<Record<PenaltyName, readonly [string, Penalty, sparse: boolean][] | `${string}.test.ts`>> = {
  groupLasso: [
    ["group lasso on elements", groupLasso({ lambda: 0.8, groups: "element", weights: "size" }), true],
    ["group lasso on input channels", groupLasso({ lambda: 1, groups: "inputChannel", weights: "size" }), true],
    ["group lasso on output channels", groupLasso({ lambda: 1.42, groups: "outputChannel", weights: "size" }), true],
    ["group lasso on coupled channels, consumers", groupLasso({ lambda: 1.42, weights: "size" }), true],
    [
      "group lasso on coupled channels, producers",
      groupLasso({ lambda: 1.42, side: "producer", weights: "size" }),
      true,
    ],
    ["group lasso on blocks", groupLasso({ lambda: 1.1, weights: "size", groups: { block: [2, 4] } }), true],
    ["group lasso on ragged blocks", groupLasso({ lambda: 1.2, weights: "size", groups: { block: [2, 5] } }), true],
    ["group lasso, balanced", groupLasso({ lambda: 1.4 }), true],
  ],
  groupMcp: [
    [
      "group MCP on ragged blocks",
      groupMcp({ lambda: 1, weights: "size", concavity: 4, groups: { block: [2, 3] } }),
      true,
    ],
    ["group MCP", groupMcp({ lambda: 1.2, weights: "size", concavity: 4 }), true],
  ],
  wgsef: [
    ["wgsef on ragged blocks", wgsef({ lambda: 20, keep: 0.5, groups: { block: [3, 3] } }), true],
    ["wgsef, k", wgsef({ lambda: 60, k: 2 }), true],
    ["wgsef, keep", wgsef({ lambda: 60, keep: 0.5, groups: "inputChannel" }), true],
    ["wgsef, size", wgsef({ lambda: 2, k: 2, weights: "size" }), true],
    ["wgsef, balanced", wgsef({ lambda: 2, keep: 0.5, weights: "balanced", groups: "outputChannel" }), true],
  ],
  sef: [["sef", sef({ lambda: 1.5, keep: 0.3 }), true]],
  l1: [["l1", l1({ lambda: 0.8 }), true]],
  l0: [["l0", l0({ lambda: 0.8 }), true]],
  lHalf: [["lHalf", lHalf({ lambda: 0.8 }), true]],
  l2: [["l2", l2({ lambda: 0.8 }), false]],
  nuclear: "nuclear.test.ts", // on the host
  nm: "nm.test.ts", // an indicator
};
const penalties = Object.values(rows).flatMap((own) => (typeof own === "string" ? [] : own));

test.each(Object.entries(rows).filter(([, own]) => typeof own === "string"))("%s is checked in %s", (name, file) => {
  const text = readFileSync(new URL(file as string, import.meta.url), "utf8");
  expect(text).toMatch(new RegExp(`${name}\\([^]*value and prox agree`));
});

const metrics = { "the plain metric": false, "a diagonal metric": true };
const cases = penalties.flatMap((c) =>
  Object.entries(metrics)
    .filter(([, on]) => !on || c[1].ways.includes("metric"))
    .map(([name, on]) => [c[0], name, on, c[1], c[2]] as const),
);

test.each(cases)("%s in %s: value and prox agree", async (_, __, inMetric, penalty, sparse) => {
  const graph = branchingNet(normal);
  const names = [...graph.initializers.keys()].map((v) => v.name);
  const start = Object.fromEntries([...graph.initializers].map(([v, t]) => [v.name, t]));
  const metric = inMetric
    ? Object.fromEntries(
        Object.entries(start).map(([k, t]) => {
          const d = normal(t.shape).data as Float32Array;
          return [
            k,
            f32(
              d.map((x) => 0.8 * Math.exp(x / 4)),
              t.shape,
            ),
          ];
        }),
      )
    : undefined;
  const { value, prox } = await both(penalty, graph, metric);
  const found = await prox(start);
  const zeros = names.reduce((n, k) => n + [...(found[k].data as Float32Array)].filter((x) => x === 0).length, 0);
  expect(zeros > 0).toBe(sparse);
  if (penalty.name === "groupLasso") expect(zeros).toBeLessThan(names.reduce((n, k) => n + size(found[k].shape), 0));

  const score = async (u: Named) => {
    let distance = 0;
    for (const k of names)
      for (let i = 0; i < u[k].data.length; i++)
        distance += Number(metric?.[k].data[i] ?? 1) * (Number(u[k].data[i]) - Number(start[k].data[i])) ** 2;
    return distance / 2 + STEP * (await value(u));
  };
  const best = await score(found);
  const blend = (t: number, other: Named) =>
    Object.fromEntries(
      names.map((k) => [
        k,
        f32(
          (found[k].data as Float32Array).map((x, i) => x + t * (Number(other[k].data[i]) - x)),
          found[k].shape,
        ),
      ]),
    );
  for (let trial = 0; trial < 30; trial++) {
    const scale = 10 ** -(trial % 4);
    const noise = Object.fromEntries(
      names.map((k) => {
        const n = normal(found[k].shape, scale).data as Float32Array;
        return [
          k,
          f32(
            (found[k].data as Float32Array).map((x, i) => x + n[i]),
            found[k].shape,
          ),
        ];
      }),
    );
    expect(await score(noise)).toBeGreaterThan(best - 1e-4);
  }
  for (const t of [-0.1, -0.01, 0.01, 0.1, 1]) expect(await score(blend(t, start))).toBeGreaterThan(best - 1e-4);
  const none = Object.fromEntries(names.map((k) => [k, f32(new Float32Array(size(found[k].shape)), found[k].shape)]));
  expect(await score(none)).toBeGreaterThan(best - 1e-4);
});

test("the reference's vector 6.3: one group in a metric", async () => {
  const g = builder("one");
  const w = g.initializer("w", f32([1, -2, 0.5], [1, 3]));
  g.output(g.Gemm(g.input("x", "float32", [1, 3]), w, null, { transB: 1 }));
  const kappa = 1.2;
  const penalty = groupLasso({ lambda: kappa / STEP, groups: "outputChannel", weights: "uniform" });
  const { prox } = await both(penalty, g.build(), { w: f32([0.5, 2, 4], [1, 3]) });
  const found = (await prox({ w: f32([1, -2, 0.5], [1, 3]) })).w.data;
  [0.392820322814, -1.442560884972, 0.419037145071].forEach((x, i) => {
    expect(found[i]).toBeCloseTo(x, 5);
  });
});

test.each([
  [2, 0.5, [4, 3, 2, 1, 0.5], [2.66666667, 1.75, 0.75, 0, 0], 27.5625],
  [2, 0.1, [4, 3, 2, 1, 0.5], [3.58, 2.58, 1.58, 0.58, 0.08], 27.5625],
  [2, 1, [4, 3, 2, 1, 0.5], [2, 1.33333333, 0.33333333, 0, 0], 27.5625],
  [2, 5, [4, 3, 2, 1, 0.5], [0.66666667, 0.5, 0, 0, 0], 27.5625],
  [2, 0.5, [1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5], 4],
  [2, 0.5, [3, 0, 0, 1], [2, 0, 0, 0.66666667], 5],
])("wgsef, k %i, λ %d: the reference's vectors", async (k, lambda, norms, wanted, envelope) => {
  const n = norms.length;
  const g = builder("one");
  const start = f32(norms, [1, n]);
  const w = g.initializer("w", start);
  g.output(g.Gemm(g.input("x", "float32", [1, n]), w, null, { transB: 1 }));
  const { prox, value } = await both(wgsef({ lambda: lambda / STEP, k, groups: "inputChannel" }), g.build());
  expect(((await value({ w: start })) * STEP) / lambda).toBeCloseTo(envelope, 3);
  const found = (await prox({ w: start })).w.data;
  wanted.forEach((x, i) => {
    if (x === 0) expect(found[i] === 0).toBe(true);
    else expect(found[i]).toBeCloseTo(x, 4);
  });
});

/** Hidden units with 1, 2, 2, 4, 8 and 8 outgoing weights: groups of different sizes in one set. */
function unevenNet(): Graph {
  const g = builder("uneven");
  const hidden = g.Gemm(g.input("x", "float32", [1, 1]), g.initializer("in", full([6, 1], 1)), null, { transB: 1 });
  for (const [from, out] of Object.entries({ 0: 1, 1: 1, 3: 2, 4: 4 })) {
    const units = g.Slice(hidden, { starts: [Number(from)], ends: [6], axes: [1] });
    g.output(g.Gemm(units, g.initializer(from, full([out, 6 - Number(from)], 1)), null, { transB: 1 }));
  }
  return g.build();
}

test("wgsef with weights: the reference's vector, d = (1, 2, ½, 1, 4)", async () => {
  const graph = unevenNet();
  const penalty = wgsef({ lambda: 0.5 / STEP, k: 3, weights: "size" }); // d is twice the vector's, λ half of its 1
  const [{ sizes }] = penalty.bind(graph).sets;
  expect([...sizes]).toEqual([1, 2, 2, 4, 8, 8]);
  const inOrder = (x: readonly number[]) => [x[2], x[0], x[3], x[1], x[4], 0]; // and a unit that is zero
  const norms = inOrder([4, 3, 2, 1, 0.5]);
  const weights = [...graph.initializers.keys()].filter((v) => v.name !== "in");
  const unit = (v: Value, i: number) => 6 - v.shape[1] + (i % v.shape[1]);
  const start: Named = { in: full([6, 1], 1) };
  for (const v of weights) {
    const data = Array.from({ length: size(v.shape) }, (_, i) => norms[unit(v, i)] / Math.sqrt(sizes[unit(v, i)]));
    start[v.name] = f32(data, v.shape);
  }
  const { prox, value, gradient } = await both(penalty, graph);
  const norm = (w: Named, j: number) =>
    Math.hypot(...weights.flatMap((v) => [...(w[v.name].data as Float32Array)].filter((_, i) => unit(v, i) === j)));
  expect((await value(start)) * STEP).toBeCloseTo(22.82842712, 4);
  const [found, slope] = [await prox(start), await gradient(start)];
  const [moved, slopes] = [
    [2, 1, 1.31715729, 0.03431458, 0],
    [4, 6, 2.414214, 3.414214, 6.828427],
  ].map(inOrder);
  moved.forEach((x, j) => {
    if (x === 0) expect(norm(found, j)).toBe(0);
    else expect(norm(found, j)).toBeCloseTo(x, 5);
  });
  slopes.forEach((x, j) => {
    expect(norm(slope, j) * STEP).toBeCloseTo(x, 5);
  });
});

test("group lasso on ragged blocks: a loop over the blocks of a weight", async () => {
  const [O, I, r, c] = [5, 7, 2, 3];
  const g = builder("one");
  const start = normal([O, I]);
  g.output(g.Gemm(g.input("x", "float32", [1, I]), g.initializer("w", start), null, { transB: 1 }));
  const lambda = 1.1;
  const penalty = groupLasso({ lambda, groups: { block: [r, c] }, weights: "uniform" });
  const { prox, value } = await both(penalty, g.build());
  const w = start.data as Float32Array;
  const wanted = Array.from(w);
  let sum = 0;
  for (let o = 0; o < O; o += r)
    for (let i = 0; i < I; i += c) {
      const block: number[] = [];
      for (let a = o; a < Math.min(o + r, O); a++) for (let b = i; b < Math.min(i + c, I); b++) block.push(a * I + b);
      const norm = Math.hypot(...block.map((k) => w[k]));
      sum += lambda * norm;
      for (const k of block) wanted[k] = w[k] * Math.max(0, 1 - (STEP * lambda) / norm);
    }
  expect(await value({ w: start })).toBeCloseTo(sum, 4);
  const found = (await prox({ w: start })).w.data;
  wanted.forEach((x, k) => {
    expect(found[k]).toBeCloseTo(x, 5);
  });
  expect(wanted.filter((x) => x === 0).length).toBeGreaterThan(0);
  expect([...found].map((x) => x === 0)).toEqual(wanted.map((x) => x === 0));
});

test("lambda must be a number ≥ 0", () => {
  expect(() => groupLasso({ lambda: -1 })).toThrow("lambda");
  expect(() => l1({ lambda: Number.NaN })).toThrow("lambda");
});

test.each([
  ["groupLasso", groupLasso],
  ["groupMcp", groupMcp],
  ["wgsef", (options: Parameters<typeof groupLasso>[0]) => wgsef({ ...options, k: 1 })],
] as const)("%s refuses groups, sides and weights that it does not know", (_, make) => {
  expect(() => make({ lambda: 1, groups: "channel" as "element" })).toThrow("groups is unknown");
  expect(() => make({ lambda: 1, side: "both" as "producer" })).toThrow("side is unknown");
  expect(() => make({ lambda: 1, weights: "sqrt" as "size" })).toThrow("weights is unknown");
  expect(() => make({ lambda: 1, groups: { block: [2, 2] }, side: "producer", weights: "balanced" })).not.toThrow();
});
