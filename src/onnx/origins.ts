/** What torch.onnx with dynamo says of a stored tensor that it computed ahead of time: the parameters that it was made of. */
import type { Parsed } from "./parse.ts";

const FOLDED_FROM = "pkg.onnxscript.optimizer.folded_from";

/** The parameters that stored tensors were made of, by name, where the file says it: "['head.weight']". Steps in between are no parameters. */
export function originsOf({
  graph,
  initializers,
}: Pick<Parsed, "graph" | "initializers">): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { name = "", metadata_props = [] } of graph.value_info ?? []) {
    const text = initializers.has(name) && metadata_props.find(({ key }) => key === FOLDED_FROM)?.value;
    const made = text ? quoted(text) : [];
    const of = made.length === 1 ? made : made.filter((x) => x.includes(".") && !x.includes("lifted_tensor"));
    if (of.length > 0) found.set(name, of);
  }
  return found;
}

/** The texts of a list as Python prints it. */
export const quoted = (list: string): string[] => [...list.matchAll(/'([^']*)'/g)].map((m) => m[1]);
