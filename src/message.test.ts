import { expect, test } from "vitest";
import { fromArrays } from "./data/dataset.ts";
import { EspalierError } from "./error.ts";

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
  const options = { shape: [1], mean: [true] as never, std: [1] };
  expect(() => fromArrays([0, 1, 0, 1], [0, 1, 0, 1], options)).toThrow(EspalierError);
});
