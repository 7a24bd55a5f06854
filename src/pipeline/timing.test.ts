import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import { timeModels } from "./timing.ts";

test("a batch that no memory holds is refused before it is made", async () => {
  const model = mlp({ sizes: [4, 3, 2], seed: 1 });
  const timed = [{ model, bytes: write(model) }];
  const engine = node({ threads: 1 });
  await expect(timeModels(engine, timed, 2 ** 32, { runs: 1 })).rejects.toThrow("a batch is too large to time");
  expect(await timeModels(engine, timed, 8, { runs: 2 })).toHaveLength(1);
});
