/** Value checks prox: no perturbation of prox(w) scores better on ½‖u − w‖² + step·ψ(u), and its zeros are exact. */
import { expect, test } from "vitest";
import { evaluate } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, size, tensor } from "../graph/tensor.ts";
import type { Graph, Tensor, Value } from "../graph/types.ts";
import { encode } from "../onnx/write.ts";
import { Random } from "../random.ts";
import { groupLasso } from "./group-lasso.ts";
import { groupMcp } from "./group-mcp.ts";
import { lHalf } from "./l-half.ts";
import { l0 } from "./l0.ts";
import { l1 } from "./l1.ts";
import { l2 } from "./l2.ts";
import type { Penalty } from "./penalty.ts";
import { sef, wgsef } from "./wgsef.ts";

const engine = node({ threads: 1 });
const random = new Random(3, "init");
const normal = (shape: readonly number[], scale = 1) =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: size(shape) }, () => scale * random.normal()),
  );

/** conv → relu → conv → relu → flatten → dense: groups that span one tensor or several. */
function network(): Graph {
  const g = builder("net");
  const x = g.input("x", "float32", [1, 2, 6, 6]);
  const a = g.Relu(g.Conv(x, g.initializer("a", normal([4, 2, 3, 3])), g.initializer("a.bias", normal([4]))));
  const b = g.Relu(g.Conv(a, g.initializer("b", normal([3, 4, 3, 3])), null));
  const c = g.Add(g.Conv(a, g.initializer("c", normal([3, 4, 3, 3])), null), b);
  g.output(g.Gemm(g.Flatten(c), g.initializer("d", normal([5, 12])), null, { transB: 1 }));
  return g.build();
}

const STEP = 0.7;

type Named = Record<string, Tensor>;

/** Runs value and prox of a penalty on the same weights; the prox in a metric when there is one. */
async function both(penalty: Penalty, graph: Graph, metric?: Named) {
  const bound = penalty.bind(graph);
  const params = [...graph.initializers.keys()];
  const build = (emit: (g: ReturnType<typeof builder>, w: Map<Value, Value>) => void) => {
    const g = builder();
    emit(g, new Map(params.map((p) => [p, g.input(p.name, p.dtype, p.shape)])));
    return engine.load(encode(g.build()));
  };
  const value = await build((g, w) => g.output(g.Identity(bound.value(g, w)), "value"));
  const prox = await build((g, w) => {
    const d = metric && new Map(params.map((p) => [p, g.constant(metric[p.name])]));
    const moved = d
      ? bound.proxInMetric!(g, w, d, g.scalar(STEP), g.scalar(1))
      : bound.prox(g, w, g.scalar(STEP), g.scalar(1));
    for (const p of params) g.output(g.Identity(moved.get(p) ?? w.get(p)!), `prox/${p.name}`);
  });
  const only = (names: readonly string[], w: Named) => Object.fromEntries(names.map((n) => [n, w[n]]));
  return {
    value: async (w: Named) =>
      ((await evaluate(value, engine, only(value.inputNames, w))).value.data as Float32Array)[0],
    prox: async (w: Named) => {
      const out = await evaluate(prox, engine, only(prox.inputNames, w));
      return Object.fromEntries(params.map((p) => [p.name, out[`prox/${p.name}`] as Tensor]));
    },
  };
}

const penalties: [string, Penalty, boolean][] = [
  ["l1", l1({ lambda: 0.8 }), true],
  ["l2", l2({ lambda: 0.8 }), false],
  ["group lasso on elements", groupLasso({ lambda: 0.8, groups: "element", weights: "size" }), true],
  ["group lasso on input channels", groupLasso({ lambda: 1, groups: "inputChannel", weights: "size" }), true],
  ["group lasso on output channels", groupLasso({ lambda: 1.42, groups: "outputChannel", weights: "size" }), true],
  ["group lasso on coupled channels, consumers", groupLasso({ lambda: 1.42, weights: "size" }), true],
  ["group lasso on coupled channels, producers", groupLasso({ lambda: 1.42, side: "producer", weights: "size" }), true],
  ["l0", l0({ lambda: 0.8 }), true],
  ["lHalf", lHalf({ lambda: 0.8 }), true],
  ["group MCP", groupMcp({ lambda: 1.2, weights: "size", concavity: 4 }), true],
  ["wgsef, k", wgsef({ lambda: 60, k: 2 }), true],
  ["wgsef, keep", wgsef({ lambda: 60, keep: 0.5, groups: "inputChannel" }), true],
  ["sef", sef({ lambda: 1.5, keep: 0.3 }), true],
  ["group lasso, balanced", groupLasso({ lambda: 1.4 }), true],
];

const metrics = { "the plain metric": false, "a diagonal metric": true };
const cases = penalties.flatMap((c) =>
  Object.entries(metrics)
    .filter(([, on]) => !on || c[1].ways.includes("metric"))
    .map(([name, on]) => [c[0], name, on, c[1], c[2]] as const),
);

test.each(cases)("%s in %s: value and prox agree", async (_, __, inMetric, penalty, sparse) => {
  const graph = network();
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

test("lambda must be a number ≥ 0", () => {
  expect(() => groupLasso({ lambda: -1 })).toThrow("lambda");
  expect(() => l1({ lambda: Number.NaN })).toThrow("lambda");
});
