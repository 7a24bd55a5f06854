/** Random models in ONNX Runtime: the shapes that Espalier says, and one function before and after reading, writing, canonicalizing. */
import { atBatch, encode, type Graph, type Model, read, type Value, write } from "espalier";
import { randomInputs } from "../../src/proof/random-inputs.ts";
import { randomModel } from "../graphs/random-model.ts";
import { allFinite, checkEqual, outputsOf } from "../runtime.ts";
import { type Suite, WrongResult } from "../suite.ts";

const TOLERANCE = 1e-4;

/** The graph with every value of a node as an output. */
function openGraph(graph: Graph): Graph {
  const made = graph.nodes.flatMap((n) => n.outputs.filter((o): o is Value => o !== null));
  return { ...graph, outputs: [...new Set([...graph.outputs, ...made])] };
}

function checkShapes(graph: Graph, all: Readonly<Record<string, { shape: readonly number[]; dtype: string }>>): void {
  for (const v of openGraph(graph).outputs) {
    const [said, is] = [`${v.dtype}[${v.shape}]`, `${all[v.name].dtype}[${all[v.name].shape}]`];
    if (said !== is) throw new WrongResult(`${v.name} is ${is} in ONNX Runtime, ${said} in Espalier`);
  }
}

export const differForward: Suite = {
  name: "differ-forward",
  about: "random models: shapes and outputs beside ONNX Runtime's, unoptimised and optimised, as read and as written",
  share: 3,
  async run({ random, keep }) {
    const model: Model = randomModel(random);
    const bytes = write(model);
    keep("model.onnx", bytes);
    const again = read(bytes);
    for (const batch of [1, 3]) {
      const feeds = randomInputs(model, batch, random);
      const graph = atBatch(model, batch);
      const all = await outputsOf(encode(openGraph(graph)), feeds, "disabled");
      if (!all) return "no kernel";
      checkShapes(graph, all);
      const wanted = await outputsOf(bytes, feeds, "disabled");
      if (!wanted || !allFinite(all)) return "not finite";
      const others = [
        ["the written model, optimised", bytes],
        ["read and written again", write(again)],
        ["the canonical form", encode(atBatch(again, batch))],
      ] as const;
      for (const [what, other] of others) checkEqual(wanted, (await outputsOf(other, feeds, "all"))!, TOLERANCE, what);
    }
    return undefined;
  },
};
