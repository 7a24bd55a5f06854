/**
 * Every rule against the engine, on the cases of the gradients: what it says that a result does not need is changed, and
 * the result must stay bit by bit; what it says that is constant is computed from random numbers, and must be so.
 */
import { describe, expect, test } from "vitest";
import { cases } from "../../../test/fixtures/autodiff/cases.ts";
import type { Case, Drawn } from "../../../test/fixtures/autodiff/drawn.ts";
import { load } from "../../../test/fixtures/autodiff/run.ts";
import { builder } from "../../graph/builder.ts";
import { f32, size } from "../../graph/tensor.ts";
import type { Attrs, Shape, Tensor } from "../../graph/types.ts";
import { Random } from "../../math/random.ts";
import { type Fact, factOfTensor, isCertain, known, nothing } from "../fact.ts";
import { allOnes, places } from "../field.ts";
import { proofRuleOf } from "./index.ts";
import { type Call, NEED, type Need } from "./rule.ts";

const isDrawn = (x: Drawn | Tensor | null): x is Drawn => x !== null && "draw" in x;
const SEEDS = [1, 2, 3, 4];

/** One node on the engine, and the same node as a rule sees it. */
async function bench(op: string, c: Case) {
  const g = builder();
  const inputs = c.in.map((x, i) => (isDrawn(x) ? g.input(`x${i}`, "float32", x.shape) : x && g.constant(x)));
  const y = g.emit(op, inputs, c.attrs as Attrs)[0];
  g.output(y, "y");
  const node = g.build().nodes.find((n) => n.outputs[0] === y)!;
  const drawn = c.in.flatMap((x, i) => (isDrawn(x) ? [{ at: i, draw: x.draw, shape: x.shape }] : []));
  const runnable = await load(g);
  const run = async (data: ReadonlyMap<number, Float32Array>) => {
    const feeds = drawn.map(({ at, shape }) => [`x${at}`, f32(data.get(at)!, shape)]);
    return (await runnable.run(Object.fromEntries(feeds))).y;
  };
  const draw = (random: Random) => new Map(drawn.map((d) => [d.at, Float32Array.from(d.draw(random, size(d.shape)))]));
  const call = (facts: readonly (Fact | undefined)[]): Call<Attrs> => ({
    ...node,
    known: node.inputs.map((v, i) => {
      const given = c.in[i];
      if (!v || !given) return nothing(0);
      return facts[i] ?? (isDrawn(given) ? nothing(v.shape.length) : factOfTensor(given));
    }),
  });
  return { node, y, drawn, run, draw, call, release: runnable.release };
}

/** An axis of a shape and about half of its indices; everything of a scalar. */
function someOf(shape: Shape, random: Random): { field: Shape; chosen: boolean[] } {
  const axes = shape.flatMap((d, i) => (d > 1 ? [i] : []));
  const axis = axes[random.int(Math.max(axes.length, 1))];
  if (axis === undefined) return { field: allOnes(shape.length), chosen: [true] };
  const chosen = Array.from({ length: shape[axis] }, () => random.uniform() < 0.5);
  chosen[random.int(chosen.length)] = true;
  return { field: shape.map((d, i) => (i === axis ? d : 1)), chosen };
}

/** Sets the chosen slices to a number. */
function set(data: Float32Array, shape: Shape, { field, chosen }: ReturnType<typeof someOf>, x: number): void {
  places(field, shape).forEach((k, i) => {
    if (chosen[k]) data[i] = x;
  });
}

describe("what is not needed may be anything", () => {
  for (const [op, list] of Object.entries(cases))
    test(op, async () => {
      for (const c of list as readonly Case[]) {
        const { node, y, drawn, run, draw, call, release } = await bench(op, c);
        for (const seed of SEEDS) {
          const random = new Random(seed, "verify");
          const data = draw(random);
          const stored = drawn.slice(1).map((d) => d.at); // weights, and other operands, with slices that are zero
          for (const { at, shape } of drawn.slice(1))
            if (op !== "Div") set(data.get(at)!, shape, someOf(shape, random), 0);
          const { field, chosen } = someOf(y.shape, random);
          const need: Need = { shape: field, level: Uint8Array.from(chosen, (n) => (n ? NEED.live : NEED.unread)) };
          const facts = node.inputs.map((v, i) =>
            stored.includes(i) ? known(v!.shape, data.get(i)!, undefined, true) : undefined,
          );
          const changed = new Map(data);
          for (const { at, shape } of drawn) {
            const { shape: from, level } = proofRuleOf(node).needs(call(facts), at, need, 0);
            const place = places(from, shape);
            const other = data
              .get(at)!
              .map((x, i) => (level[place[i]] === NEED.unread ? x * (1.5 + random.uniform()) : x));
            changed.set(at, other);
          }
          const [before, after] = [await run(data), await run(changed)];
          const wanted = places(field, y.shape);
          const off = before.findIndex((x, i) => chosen[wanted[i]] && !Object.is(x, after[i]) && x !== after[i]);
          expect(off, `${JSON.stringify(c.attrs)} seed ${seed}`).toBe(-1);
        }
        await release();
      }
    });
});

describe("what is constant is so", () => {
  for (const [op, list] of Object.entries(cases))
    test(op, async () => {
      for (const c of list as readonly Case[]) {
        const { node, y, drawn, run, draw, call, release } = await bench(op, c);
        const [first, ...others] = drawn;
        for (const [n, constant] of (first ? [0, 0.7, -0.7, 0] : []).entries()) {
          const random = new Random(n, "verify", 1);
          const data = draw(random);
          const some = someOf(first.shape, random);
          const x = known(
            some.field,
            Float64Array.from(some.chosen, (s) => (s ? Math.fround(constant) : Number.NaN)),
          );
          const facts = node.inputs.map((v, i) => {
            if (i === first.at) return x;
            return others.some((d) => d.at === i) ? known(v!.shape, data.get(i)!, undefined, true) : undefined;
          });
          const found = proofRuleOf(node).known(call(facts), 0);
          const place = places(found.shape, y.shape);
          for (let time = 0; time < 2; time++) {
            const fresh = draw(random).get(first.at)!;
            set(fresh, first.shape, some, constant);
            const got = await run(new Map(data).set(first.at, fresh));
            for (const [i, k] of place.entries())
              if (isCertain(found, k))
                expect(Math.abs(got[i] - found.value[k]), `${constant} ${JSON.stringify(c.attrs)}`).toBeLessThanOrEqual(
                  found.error?.[k] ?? 0,
                );
          }
        }
        await release();
      }
    });
});
