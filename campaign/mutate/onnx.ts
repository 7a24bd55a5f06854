/** ONNX files that are damaged as bytes, or well-formed and odd: changed as messages, and written again. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ops } from "../../src/graph/ops/index.ts";
import type { Random } from "../../src/math/random.ts";
import { decode, encodeMessage } from "../../src/onnx/wire.ts";
import { projectFolder } from "../place.ts";
import { mutatedBytes } from "./bytes.ts";
import { chance, pick } from "./pick.ts";
import { mutatedTree } from "./tree.ts";

const folder = join(projectFolder(), "test", "fixtures", "onnx");
/** Every model among the tests' files that needs no other file. */
export const fixtures: readonly { readonly name: string; readonly bytes: Uint8Array }[] = readdirSync(folder)
  .filter((f) => f.endsWith(".onnx") && f !== "external.onnx")
  .sort()
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));

const names = Object.keys(ops);

/** A file changed as messages; attributes are decoded as well. */
function mutatedMessages(random: Random, bytes: Uint8Array): Uint8Array {
  const model = decode("ModelProto", bytes.slice());
  const nodes = model.graph?.node ?? [];
  const tree = {
    model: { ...model, graph: { ...model.graph, node: nodes.map(({ attribute, ...node }) => node) } },
    attributes: nodes.map((n) => (n.attribute ?? []).map((a) => decode("AttributeProto", a))),
  };
  const changed = mutatedTree(random, tree, { typed: true, words: names });
  if (!changed.model?.graph || !changed.attributes) return mutatedBytes(random, bytes);
  const node = (changed.model.graph.node ?? []).map((n, i) => ({
    ...n,
    attribute: (changed.attributes?.[i] ?? []).map((a) => encodeMessage("AttributeProto", a)),
  }));
  return encodeMessage("ModelProto", { ...changed.model, graph: { ...changed.model.graph, node } });
}

/** A model of the tests, or another one, changed. Most changes keep it a protobuf message. */
export function mutatedModel(random: Random, bytes = pick(random, fixtures).bytes): Uint8Array {
  return chance(random, 0.25) ? mutatedBytes(random, bytes) : mutatedMessages(random, bytes);
}
