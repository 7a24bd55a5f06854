/**
 * Every formulation of the table against the plain one, by value, on an engine. A formulation that no case reaches fails the
 * last test; a new one is tested by its line in the table. Elements are quarters, so that sums are exact, windows tie, and
 * signs and zeros occur.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { type Engine, runOnce } from "../../src/engine/engine.ts";
import { builder } from "../../src/graph/builder.ts";
import { check } from "../../src/graph/check.ts";
import { f32, numbers, size } from "../../src/graph/tensor.ts";
import type { Graph, Shape, Tensor } from "../../src/graph/types.ts";
import { withoutUnread } from "../../src/graph/walk.ts";
import { patterns } from "../../src/lower/formulations/index.ts";
import { type FormulationPlan, lower } from "../../src/lower/lower.ts";
import { keyOf } from "../../src/lower/pattern.ts";
import { formulationsOf, sitesOf } from "../../src/lower/sites.ts";
import { type Target, targetOf } from "../../src/lower/target.ts";
import { blockOf } from "../../src/lower/tuning/probe-block.ts";
import { Random } from "../../src/math/random.ts";
import { encode } from "../../src/onnx/write.ts";
import { type FormulationCase, formulationCases } from "./formulation-cases.ts";

const draw = (shape: Shape, random: Random): Tensor => {
  const quarters = Array.from({ length: size(shape) }, () => (random.int(13) - 6) / 4);
  return f32(quarters, shape);
};

/** The operator and the gradients of Σ r·y for random r. */
function program(c: FormulationCase, random: Random): { graph: Graph; feeds: Record<string, Tensor> } {
  const g = builder();
  const feeds: Record<string, Tensor> = {};
  const inputs = c.in.map((x, i) => {
    if ("data" in x) return g.constant(x);
    feeds[`x${i}`] = draw(x, random);
    return g.input(`x${i}`, "float32", x);
  });
  const y = g.output(g.emit(c.op, inputs, c.attrs)[0], "y");
  if (c.also) g.output(c.also(g, y), "also");
  const loss = g.ReduceSum(g.Mul(y, g.constant(draw(y.shape, random))), { keepdims: 0 });
  const wrt = inputs.filter((v) => feeds[v.name]);
  const gradients = backward(g, loss, wrt);
  for (const v of wrt) g.output(gradients.get(v)!, `d${v.name}`);
  return { graph: withoutUnread(g.build()), feeds };
}

async function run(engine: Engine, graph: Graph, feeds: Record<string, Tensor>): Promise<number[][]> {
  expect(check(graph)).toEqual([]);
  const session = await engine.load(encode(graph));
  const out = await runOnce(session, engine, feeds).finally(() => session.release());
  return graph.outputs.map((v) => numbers(out[v.name] as Tensor));
}

/** Largest difference of any output, relative to its largest element or 1. */
function distance(got: readonly number[][], wanted: readonly number[][]): number {
  const worst = wanted.map((w, k) => {
    expect(got[k].length).toBe(w.length);
    const scale = w.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    return w.reduce((m, x, i) => Math.max(m, Math.abs(got[k][i] - x)), 0) / scale;
  });
  return Math.max(...worst);
}

/**
 * @param reference computes the plain form
 * @param make the engine whose formulations are compared with it
 * @param gridStep of how many cases of the grid one is taken, beside those that reach what none before them did
 */
export function formulationSuite(reference: Engine, make: () => Engine, gridStep = 1): void {
  const engine = make();
  afterAll(() => engine.release());
  const reached = new Set<string>();
  let target: Target;
  beforeAll(async () => {
    target = { ...targetOf(engine), block: engine.device === "cpu" ? await blockOf(engine) : undefined };
  });

  for (const [family, cases] of Object.entries(formulationCases))
    test(`every formulation agrees with the plain one: ${family}`, async () => {
      const random = new Random(3, "verify");
      for (const [i, c] of cases.entries()) {
        const { graph, feeds } = program(c, random);
        const plans = plansOf(graph, target);
        const reaches = plans.flatMap((plan) =>
          Object.entries(plan).map(([key, by]) => `${key.split(" ")[0]} by ${by}`),
        );
        if (cases.length >= 24 && i % gridStep !== 0 && reaches.every((one) => reached.has(one))) continue;
        for (const one of reaches) reached.add(one);
        const plain = await run(reference, graph, feeds);
        for (const plan of plans) {
          const got = await run(engine, lower(graph, target, plan), feeds);
          expect(distance(got, plain), `${c.op} ${JSON.stringify(plan)}`).toBeLessThan(1e-6);
        }
      }
    });

  test("every formulation was reached", () => {
    const all = Object.entries(patterns).flatMap(([name, of]) => Object.keys(of).map((f) => `${name} by ${f}`));
    const onCpuAlone = / by (blocks|spreading|\w+BySamples)$/; // blocked kernels, and Sum
    const here = all.filter((name) => target.block !== undefined || !onCpuAlone.test(name));
    expect(here.filter((name) => !reached.has(name))).toEqual([]);
  });
}

/** What the target prefers; then plans that give each formulation of each site its turn. */
function plansOf(graph: Graph, target: Target): FormulationPlan[] {
  const options = sitesOf(graph).map((site) => ({ key: keyOf(site), names: formulationsOf(site, target) }));
  const most = Math.max(...options.map((o) => o.names.length));
  const turn = (k: number) => options.flatMap(({ key, names }) => (k < names.length ? [[key, names[k]]] : []));
  return [{}, ...Array.from({ length: most - 1 }, (_, k) => Object.fromEntries(turn(k + 1)))];
}
