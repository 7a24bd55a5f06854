/** A table of positions of which each file's samples read as many as they have: it stays whole, whatever size it is looked at. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { edits, sketch } from "../../test/support/small-models.ts";
import { node } from "../engine/node.ts";
import { withSizes } from "../graph/bind.ts";
import type { Builder } from "../graph/builder.ts";
import { tensor } from "../graph/tensor.ts";
import type { Follows, Model, Size, Value } from "../graph/types.ts";
import { read } from "../onnx/read.ts";
import { digest, FORMAT } from "../proof/certificate.ts";
import { prove } from "../proof/prove.ts";
import { shrink } from "./shrink.ts";
import { verify } from "./verify.ts";

const engine = node({ threads: 1 });
const LENGTH: Size = { of: "x", axis: 1 };
const file = new URL("../../test/fixtures/text/tiny-bert/onnx/model.onnx", import.meta.url);

test.each([4, 16])("a model that is looked at with %i places takes more of them after shrinking", async (places) => {
  const model = withSizes(read(new Uint8Array(readFileSync(file))), { sequence_length: places });
  const { model: small } = await shrink(model, { engine });
  const longer = Object.fromEntries(
    model.graph.inputs.map(({ name }) => [name, tensor("int64", [2, 40], new BigInt64Array(80).fill(1n))]),
  );
  const { agree } = await verify(model, small, { engine, inputs: [longer], random: 0 });
  expect(agree).toBe(true);
});

test("a certificate that cuts the table to the places looked at is not proved", async () => {
  const places = 16;
  const full = withSizes(read(new Uint8Array(readFileSync(file))), { sequence_length: places });
  const { name, shape } = [...full.graph.initializers.keys()].find((v) => v.name.includes("position_embeddings"))!;
  const beyond = { index: `${places}-${shape[0] - 1}`, count: shape[0] - places };
  const { problems } = await prove(full, {
    format: FORMAT,
    full: await digest(full),
    small: await digest(full),
    removed: [{ step: 1, tensor: name, axis: 0, ...beyond, reason: "unread" }],
    replaced: [],
  });
  expect(problems).toEqual([expect.stringMatching(/^not proved: .* an output depends on it through Gather/)]);
});

/** Of each way in which a file takes as many rows of a table as its samples have: what follows that size. */
const takes: Readonly<Record<string, (g: Builder, table: Value) => readonly [part: Value, follows: Follows]>> = {
  Slice: (g, table) => [g.Slice(table, { starts: [0], ends: [4], axes: [0] }), { ends: [LENGTH] }],
  Split: (g, table) => [
    g.Split(table, { axis: 0, split: [4, 2] })[0]!,
    { split: [LENGTH, { op: "Sub", args: [6, LENGTH], from: ["int64", "int64"], dtype: "int64", steps: 1 }] },
  ],
  Pad: (g, table) => [
    g.Pad(table, { pads: [0, 0, -2, 0] }),
    { pads: [0, 0, { op: "Sub", args: [LENGTH, 6], from: ["int64", "int64"], dtype: "int64", steps: 1 }, 0] },
  ],
};

test.each(Object.entries(takes))(
  "%s: all rows of the table are needed, of its columns those that are read",
  async (op, take) => {
    let follows: Follows = {};
    const model = sketch(
      [4, 3],
      ({ g, x, w }) => {
        const [part, sizes] = take(g, w("table", [6, 3]));
        follows = sizes;
        return g.MatMul(g.Add(x, part), w("last", [3, 2]));
      },
      edits({ last: [0, [1]] }),
    );
    const nodes = model.graph.nodes.map((n) => (n.op === op ? { ...n, follows } : n));
    const following = { ...model, graph: { ...model.graph, nodes } };
    const proved = async (full: Model, axis: number, index: string) => {
      const removed = [{ step: 1, tensor: "table", axis, index, count: 1, reason: "unread" as const }];
      const is = "0".repeat(64);
      const { verdicts } = await prove(full, { format: FORMAT, full: is, small: is, removed, replaced: [] });
      return verdicts[0].proved;
    };
    expect(await proved(model, 0, "5")).toBe(true);
    expect(await proved(following, 0, "5")).toBe(false);
    expect(await proved(following, 1, "1")).toBe(true);
  },
);
