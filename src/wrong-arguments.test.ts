import { expect, test } from "vitest";
import { fromArrays, splitValidation } from "./data/dataset.ts";
import { node } from "./engine/node.ts";
import { EspalierError } from "./error.ts";
import { mlp } from "./models/mlp.ts";
import { verify } from "./shrink/verify.ts";

test("a share that is no number, and batches of no size, are refused", async () => {
  const data = fromArrays([0, 1, 0, 1], [0, 1, 0, 1], { shape: [1] });
  expect(() => splitValidation(data, 1n as never)).toThrow(/^the val fraction is out of range\n {2}got +1\n/);
  const model = mlp({ sizes: [1, 2] });
  const options = { engine: node({ threads: 1 }), batches: [-4] };
  await expect(verify(model, model, options)).rejects.toThrow(/^batches is out of range\n {2}got +-4\n/);
});

test("an error about a value of a wrong kind says which, and does not fail of it", () => {
  const messages = [true, null, [1], {}, Object.create(null), () => 1, 1n, Symbol("s")].map(
    (got) => new EspalierError("out-of-range", "wrong", { got: got as never }).message,
  );
  expect(messages.map((m) => m.split("got  ")[1])).toEqual([
    "true",
    "null",
    "a list",
    "an object",
    "an object",
    "a function",
    "1",
    "Symbol(s)",
  ]);
  const listless = { shape: [1], mean: 0.5 as never };
  expect(() => fromArrays([0, 1, 0, 1], [0, 1, 0, 1], listless)).toThrow(
    /^mean has the wrong length\n {2}got +number\n/,
  );
  const options = { shape: [1], mean: [true] as never, std: [1] };
  expect(() => fromArrays([0, 1, 0, 1], [0, 1, 0, 1], options)).toThrow(EspalierError);
});
