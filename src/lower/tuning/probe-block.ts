/** How many channels a block of the processor's blocked kernels has. Another number gives wrong values without an error. */
import { type Engine, runOnce } from "../../engine/engine.ts";
import { builder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/types.ts";
import { encode } from "../../onnx/write.ts";
import { type FormulationPlan, lower } from "../lower.ts";
import { keyOf } from "../pattern.ts";
import { formulationsOf, sitesOf } from "../sites.ts";
import { portable, targetOf } from "../target.ts";
import { type Arrays, distanceOf, drawn } from "./values.ts";

/** AVX-512 has 16, AVX and AVX2 have 8. */
const BLOCKS = [16, 8];

function convolution(): Graph {
  const g = builder("probe");
  const [x, w] = [g.input("x", "float32", [1, 32, 5, 5]), g.input("w", "float32", [32, 32, 3, 3])];
  g.output(g.Conv(x, w, null, { pads: [1, 1, 1, 1] }), "y");
  return g.build();
}

const probed = new WeakMap<Engine, Promise<number | undefined>>();

/**
 * The block with which an engine's blocked kernels compute what Conv computes, found once for an engine; undefined where it has none.
 * @throws EspalierError when the engine cannot run a convolution
 */
export function blockOf(engine: Engine): Promise<number | undefined> {
  const known = probed.get(engine);
  if (known) return known;
  const block = probeBlock(engine);
  probed.set(engine, block);
  block.catch(() => probed.delete(engine)); // an engine that failed once may be asked again
  return block;
}

async function probeBlock(engine: Engine): Promise<number | undefined> {
  const graph = convolution();
  const [site] = sitesOf(graph);
  const given = drawn(graph, 5);
  const run = async (bytes: Uint8Array): Promise<Arrays> => {
    const session = await engine.load(bytes);
    return runOnce(session, engine, given).finally(() => session.release());
  };
  const plain = await run(encode(lower(graph, portable)));
  for (const block of BLOCKS) {
    const target = { ...targetOf(engine), block };
    const plan: FormulationPlan = { [keyOf(site)]: "blocks" };
    if (!formulationsOf(site, target).includes("blocks")) continue;
    const got = await run(encode(lower(graph, target, plan))).catch(() => undefined); // a processor without these kernels refuses them
    if (got && distanceOf(got, plain) < 1e-5) return block;
  }
  return undefined;
}
