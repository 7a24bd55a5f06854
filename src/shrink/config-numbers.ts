/** The numbers of a config.json that speak of a model's widths, for a model whose widths are others: changed where they are true of every layer. */
import type { Graph, Value } from "../graph/types.ts";
import { say, type Words } from "../message.ts";
import { idsFrom, lookupsIn } from "./token-ids.ts";

/** What widths are called, by what they are of. */
const VOCABULARY = ["vocab_size"];
const WIDTHS = [
  "hidden_size",
  "intermediate_size",
  "d_model",
  "dim",
  "hidden_dim",
  "n_embd",
  "n_inner",
  "ffn_dim",
  "encoder_ffn_dim",
  "decoder_ffn_dim",
  "d_ff",
  "embedding_size",
];
/** What no shape of a weight tells. */
const HEADS = ["num_attention_heads", "n_head", "n_heads", "num_key_value_heads", "encoder_attention_heads"];

/** A config.json for a smaller model. */
export interface SmallerConfig {
  readonly config: Readonly<Record<string, unknown>>;
  /** What was changed, and what is not true any more and stays. */
  readonly notes: readonly Words[];
}

/** @param config config.json of the whole model, parsed */
export function smallerConfig(config: Readonly<Record<string, unknown>>, whole: Graph, small: Graph): SmallerConfig {
  const now: Record<string, unknown> = { ...config };
  const changed: string[] = [];
  const notes: Words[] = [];
  const stored = new Map([...small.initializers.keys()].map((v) => [v.name, v]));
  const pairs = [...whole.initializers.keys()].flatMap((v): [Value, Value][] => {
    const other = stored.get(v.name);
    return other && other.shape.length === v.shape.length ? [[v, other]] : [];
  });
  const set = (key: string, to: number): void => {
    if (to === config[key]) return;
    changed.push(`${key} ${config[key]} → ${to}`);
    now[key] = to;
  };
  const rows = tokensOf(whole);
  const left = tokensOf(small);
  for (const key of VOCABULARY) if (rows !== undefined && left !== undefined && config[key] === rows) set(key, left);
  let narrowed = false;
  for (const key of WIDTHS) {
    const width = config[key];
    if (typeof width !== "number") continue;
    const found = new Set(
      pairs.flatMap(([a, b]) => a.shape.flatMap((n, axis) => (n === width ? [b.shape[axis]] : []))),
    );
    if (found.size === 1) set(key, [...found][0]);
    else if (found.size > 1)
      notes.push(
        say`config.json still says ${key} ${width}, which is ${[...found].sort((a, b) => a - b).join(", ")} in different layers`,
      );
    if (found.size > 1 || now[key] !== width) narrowed = true;
  }
  const heads = HEADS.filter((key) => typeof config[key] === "number");
  if (narrowed && heads.length > 0)
    notes.push(
      say`config.json still says ${heads.map((key) => `${key} ${config[key]}`).join(", ")}, of which layers may have fewer`,
    );
  if (changed.length > 0) notes.unshift(say`config.json says now: ${changed.join(", ")}`);
  return { config: now, notes };
}

/** How many tokens the table has that ids look up; undefined where there is none. */
function tokensOf(graph: Graph): number | undefined {
  const lookups = lookupsIn(graph);
  const found = graph.inputs.flatMap((input) => idsFrom(graph, input, lookups).lookups);
  return found.length > 0 ? Math.max(...found.map(({ table, axis }) => table.shape[axis])) : undefined;
}
