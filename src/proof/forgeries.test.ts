/** Certificates with one false line each: none is proved, by the full model alone or by what became of it. */
import { expect, test } from "vitest";
import { edits, filled, type Sketch, sketch } from "../../test/support/small-models.ts";
import { node } from "../engine/node.ts";
import { f32 } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { certify } from "../shrink/certificate.ts";
import { type Certificate, digest, FORMAT, indices, type RemovedSlices, ranges } from "./certificate.ts";
import { prove } from "./prove.ts";

/** Models in which every index that stays is read. */
const models: Record<string, () => Model> = {
  dense: () =>
    sketch(
      [6],
      ({ g, x, fc }) => fc(g.Relu(fc(g.Relu(fc(x, "a", 8)), "b", 5)), "c", 3),
      edits({ b: [1, [0, 3]], c: [1, [1]] }),
    ),
  "a folded constant": () =>
    sketch(
      [3, 6, 6],
      ({ g, x, conv }) => conv(g.Relu(conv(x, "a", 5, 3)), "b", 3, 3),
      edits({ a: [0, [2]], "a.bias": [0, [2], 0.7] }),
    ),
  "batch norm": () =>
    sketch(
      [3, 6, 6],
      ({ g, x, w, conv }) => {
        const vectors = ["γ", "β", "μ", "σ²"].map((name) => w(name, [5])) as [Value, Value, Value, Value];
        return conv(g.Sigmoid(g.BatchNormalization(conv(x, "a", 5, 3), ...vectors)), "b", 3, 1);
      },
      edits({ γ: [0, [1, 4]], "σ²": [0, [0, 1, 2, 3, 4], 0.8] }),
    ),
  "a dead branch": () =>
    sketch(
      [4],
      ({ g, x, fc }) => fc(g.Add(fc(x, "live", 5), fc(fc(x, "d", 4), "dead", 5)), "c", 3),
      edits({ dead: [0, [0, 1, 2, 3, 4]] }),
    ),
  concat: () =>
    sketch(
      [3, 4, 4],
      ({ g, x, conv }) => conv(g.Concat([conv(x, "a", 4), conv(x, "b", 3)], { axis: 1 }), "c", 3),
      edits({ c: [1, [1, 5]] }),
    ),
  grouped: () =>
    sketch(
      [3, 4, 4],
      ({ x, conv }) => conv(conv(conv(x, "a", 6), "g", 6, 3, { group: 2 }), "c", 3),
      edits({ g: [1, [1]] }),
    ),
  flatten: () =>
    sketch(
      [3, 3, 3],
      ({ g, x, conv, fc }) => fc(g.Flatten(conv(x, "a", 4, 2)), "c", 3),
      edits({ c: [1, [4, 5, 6, 7]] }),
    ),
};

/** The same two layers, the second's weight stored in other ways. */
const stored: Record<string, (s: Sketch) => Value> = {
  "behind a Transpose": ({ g, w }) => g.Transpose(w("b", [3, 8]), { perm: [1, 0] }),
  "behind an Identity": ({ g, w }) => g.Identity(w("b", [8, 3])),
  "in a Constant": ({ g }) =>
    g.constant(
      f32(
        Array.from({ length: 24 }, (_, i) => Math.sin(i + 1)),
        [8, 3],
      ),
    ),
};

test.each(Object.entries(stored))("a weight %s: what folds is found in the bias", async (_, weight) => {
  const full = sketch(
    [6],
    (s) => s.g.Gemm(s.g.Sigmoid(s.fc(s.x, "a", 8)), weight(s), s.w("b.bias", [3])),
    edits({ a: [0, [2, 5]] }),
  );
  const { model: small, certificate } = await certify(full);
  expect(certificate.removed.filter((r) => r.reason === "folded constant")).not.toEqual([]);
  expect((await prove(full, certificate, { small })).problems).toEqual([]);
  const initializers = new Map(
    [...small.graph.initializers].map(([v, t]) => [v, v.name === "b.bias" ? filled(t, 0, [1], 0.1) : t]),
  );
  const { problems } = await prove(full, certificate, { small: { ...small, graph: { ...small.graph, initializers } } });
  expect(problems[0]).toContain("adds 0.1");
});

/** Another line in place of one; undefined where there is none to be made of it. */
type Forgery = (line: RemovedSlices, shape: readonly number[]) => RemovedSlices | undefined;

const forgeries: Record<string, Forgery> = {
  "another index": (line, shape) => {
    if (line.axis === null) return undefined;
    const gone = indices(line.index, shape[line.axis])!;
    const free = Array.from({ length: shape[line.axis] }, (_, i) => i).find((i) => !gone.includes(i));
    return free === undefined ? undefined : { ...line, index: String(free), count: 1 };
  },
  "one index more": (line, shape) => {
    if (line.axis === null) return undefined;
    const gone = indices(line.index, shape[line.axis])!;
    const free = Array.from({ length: shape[line.axis] }, (_, i) => i).find((i) => !gone.includes(i));
    return free === undefined ? undefined : { ...line, index: ranges([...gone, free]), count: gone.length + 1 };
  },
  "another axis": (line, shape) =>
    line.axis === null || shape.length < 2
      ? undefined
      : { ...line, axis: 1 - line.axis, index: String(shape[1 - line.axis] - 1), count: 1 },
  "the whole tensor": (line) => (line.axis === null ? undefined : { ...line, axis: null, index: "all", count: 1 }),
  "an index that is not there": (line, shape) =>
    line.axis === null ? undefined : { ...line, index: String(shape[line.axis]), count: 1 },
  "an axis that is not there": (line, shape) => (line.axis === null ? undefined : { ...line, axis: shape.length }),
  "another count": (line) => (line.axis === null ? undefined : { ...line, count: line.count + 1 }),
  "no such tensor": (line) => ({ ...line, tensor: "nobody" }),
  "no such reason": (line) => (line.axis === null ? undefined : { ...line, reason: "because" as never }),
};

const shapeOf = (m: Model, name: string) => [...m.graph.initializers.keys()].find((v) => v.name === name)!.shape;

test.each(Object.entries(models))("%s: a false line is not proved, from the full model alone", async (_, build) => {
  const full = build();
  const { certificate } = await certify(full);
  expect((await prove(full, certificate)).problems).toEqual([]);
  let tried = 0;
  for (const [name, forge] of Object.entries(forgeries))
    for (const [i, line] of certificate.removed.entries()) {
      const forged = forge(line, shapeOf(full, line.tensor));
      if (!forged) continue;
      tried++;
      const proof = await prove(full, { ...certificate, removed: certificate.removed.with(i, forged) });
      const said = JSON.stringify(forged);
      expect({ name, said, proved: proof.proved }).toEqual({ name, said, proved: proof.claims - 1 });
    }
  expect(tried).toBeGreaterThan(0);
});

test.each(Object.entries(models))("%s: a line that is missing is missed beside the small model", async (_, build) => {
  const full = build();
  const { model: small, certificate } = await certify(full);
  for (const i of certificate.removed.keys()) {
    const proof = await prove(full, { ...certificate, removed: certificate.removed.toSpliced(i, 1) }, { small });
    expect(proof.problems).not.toEqual([]);
  }
});

const forged = async (build: () => Model, change: (c: Certificate) => Partial<Certificate>) => {
  const full = build();
  const { certificate } = await certify(full);
  return (await prove(full, { ...certificate, ...change(certificate) })).problems;
};

test("a reason that says less than it takes is not enough", async () => {
  const unread = (c: Certificate) => ({ removed: c.removed.map((r) => ({ ...r, reason: "unread" as const })) });
  expect(await forged(models["a folded constant"], unread)).toMatchInlineSnapshot(`
    [
      "not proved: step 1: a.bias axis 0 index 2 (unread): it belongs to a channel that is constant but not zero, so the reason is "folded constant"",
      "not proved: step 1: b axis 1 index 2 (unread): it belongs to a channel that is constant but not zero, so the reason is "folded constant"",
    ]
  `);
  expect(await forged(models["batch norm"], unread)).not.toEqual([]);
});

test("a value that is not constant, or not neutral, is not replaced", async () => {
  const replaced = (value: string, by: "nothing" | "constant") => () => ({ replaced: [{ step: 1, value, by }] });
  const build = models["a dead branch"];
  expect(await forged(build, replaced("Gemm", "constant"))).toMatchInlineSnapshot(`
    [
      "not proved: step 1: Gemm by constant: it is not known to be constant",
      "not proved: step 2: dead.bias axis — index all (unread): an output depends on it through Gemm "Gemm_2"",
    ]
  `);
  expect(await forged(build, replaced("Gemm_2", "nothing"))).toMatchInlineSnapshot(`
    [
      "not proved: step 1: Gemm_2 by nothing: what reads it needs its constant",
      "not proved: step 2: dead.bias axis — index all (unread): an output depends on it through Gemm "Gemm_2"",
    ]
  `);
  expect(await forged(build, replaced("nobody", "constant"))).toContain(
    "not proved: step 1: nobody by constant: the model has no such value",
  );
});

test("a zero that one reader does without and another needs stays needed", async () => {
  const full = sketch(
    [4],
    ({ g, x, fc }) => {
      const zero = fc(x, "dead", 5);
      const live = fc(x, "live", 5);
      return fc(g.Add(g.Add(live, zero), g.Max([live, zero])), "c", 3);
    },
    edits({ dead: [0, [0, 1, 2, 3, 4]], "dead.bias": [0, [0, 1, 2, 3, 4]] }),
  );
  const { certificate } = await certify(full);
  const [{ value }] = certificate.replaced;
  const claimed = (...by: ("nothing" | "constant")[]): Certificate => ({
    ...certificate,
    replaced: by.map((each) => ({ step: 1, value, by: each })),
  });
  expect((await prove(full, claimed("nothing"))).problems).toEqual([
    expect.stringMatching(/^not proved: step 3: dead.bias .*: an output depends on it through Gemm/),
  ]);
  expect((await prove(full, claimed("nothing", "constant"))).problems).toEqual([]);
});

test("a small model with other numbers is not what the certificate leaves", async () => {
  const full = models["a folded constant"]();
  const { model: small, certificate } = await certify(full);
  const altered = (name: string) => {
    const change = ([v, t]: [Value, Model["graph"]["initializers"] extends ReadonlyMap<Value, infer T> ? T : never]) =>
      [v, v.name === name ? filled(t, 0, [1], 0.1) : t] as const;
    return { ...small, graph: { ...small.graph, initializers: new Map([...small.graph.initializers].map(change)) } };
  };
  for (const [name, found] of Object.entries({ a: "a holds other numbers", "b.bias": "adds 0.1" })) {
    const { problems } = await prove(full, certificate, { small: altered(name) });
    expect(problems[0]).toContain(found);
    expect(problems[1]).toContain("the small model has hash");
  }
});

test("what stays of a channel that is constant holds the numbers of the full model", async () => {
  const shifted = (β: number) =>
    sketch(
      [3, 6, 6],
      ({ g, x, w, conv }) => {
        const vectors = ["γ", "β", "μ", "σ²"].map((name) => w(name, [5])) as [Value, Value, Value, Value];
        return conv(g.Relu(g.BatchNormalization(conv(x, "a", 5, 3), ...vectors)), "b", 3, 1);
      },
      edits({ γ: [0, [1]], β: [0, [1], β], "σ²": [0, [0, 1, 2, 3, 4], 0.8] }),
    );
  const [full, small] = [shifted(7), shifted(1)];
  const certificate: Certificate = {
    format: FORMAT,
    full: await digest(full),
    small: await digest(small),
    removed: [],
    replaced: [],
  };
  expect((await prove(full, certificate, { small })).problems).toEqual(["β holds other numbers"]);
});

test("what is another constant at every batch size is none", async () => {
  const full = sketch(
    [6],
    ({ g, x, fc }) => fc(g.Add(fc(x, "a", 4), g.ReduceSum(g.Sigmoid(fc(x, "s", 4)), { axes: [0] })), "b", 3),
    edits({ s: [0, [0, 1, 2, 3]] }),
  );
  const { model: small, certificate } = await certify(full);
  expect(certificate).toMatchObject({ replaced: [{ value: "Sigmoid", by: "constant" }] }); // not what is summed over the batch
  expect((await prove(full, certificate, { small })).problems).toEqual([]);
  const forged = { ...certificate, replaced: [{ step: 1, value: "ReduceSum", by: "constant" as const }] };
  expect((await prove(full, forged)).problems).toContain(
    "not proved: step 1: ReduceSum by constant: it is not known to be constant",
  );
});

test("what is proved is tried on the engine", async () => {
  const full = models["batch norm"]();
  const { model: small, certificate } = await certify(full);
  const { holds, probe } = await prove(full, certificate, { small, engine: node({ threads: 1 }) });
  expect({ holds, probe }).toMatchInlineSnapshot(`
    {
      "holds": true,
      "probe": {
        "changed": 60,
        "constants": 256,
        "runs": 2,
      },
    }
  `);
});

test("a small model with another operator is no proof where there is an engine to run it", async () => {
  const full = models["dense"]();
  const { model, certificate } = await certify(full);
  const nodes = model.graph.nodes.map((n) => (n.op === "Relu" ? { ...n, op: "Sigmoid" as const } : n));
  const other: Model = { ...model, graph: { ...model.graph, nodes } };
  const forged = { ...certificate, small: await digest(other) };
  const engine = node({ threads: 1 });
  expect(await prove(full, certificate, { small: model, engine })).toMatchObject({ holds: true, problems: [] });
  const found = await prove(full, forged, { small: other, engine });
  expect(found.holds).toBe(false);
  expect(found.problems).toEqual([expect.stringMatching(/^output "\S+" of the small model differs by \S+ relative$/)]);
  const narrow: Model = { ...models["flatten"]() };
  const unlike = await prove(full, certificate, { small: narrow, engine });
  expect(unlike.problems).toContain("the small model has other inputs or outputs");
});
