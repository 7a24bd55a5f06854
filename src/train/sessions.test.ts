import { expect, test } from "vitest";
import type { Engine, LoadOptions } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { Sessions } from "./sessions.ts";

test("a run that takes much memory is loaded to save it, any other to save time", async () => {
  const engine = node({ threads: 1 });
  let free = Number.POSITIVE_INFINITY;
  const asked: LoadOptions["memory"][] = [];
  const watched: Engine = {
    ...engine,
    device: "cpu",
    available: () => free,
    load: (_: Uint8Array, options?: LoadOptions) => {
      asked.push(options?.memory);
      return Promise.reject(new Error("not loaded"));
    },
  };
  const programs = {
    chain(length: number) {
      const g = builder();
      const x = g.input("x", "float32", [length]);
      g.output(g.Relu(g.Add(g.Exp(x), g.Abs(x))), "y");
      return { graph: g.build(), masks: [], observations: [] };
    },
  };
  const sessions = new Sessions(watched, programs);
  for (const length of [1 << 20, 1 << 26]) await expect(sessions.get("chain", length)).rejects.toThrow("not loaded");
  free = 1 << 20;
  for (const length of [1 << 14, 1 << 19]) await expect(sessions.get("chain", length)).rejects.toThrow("not loaded");
  expect(asked).toEqual([undefined, "less", undefined, "least"]);
});
