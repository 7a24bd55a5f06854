/** A table of positions of which each file's samples read as many as they have: it stays whole, whatever size it is looked at. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { withSizes } from "../graph/bind.ts";
import { tensor } from "../graph/tensor.ts";
import { read } from "../onnx/read.ts";
import { shrink } from "./shrink.ts";
import { verify } from "./verify.ts";

const engine = node({ threads: 1 });
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
