/**
 * What a public function was given, before it looks inside: TypeScript tells a caller beforehand, JavaScript does not. It is about
 * kinds alone; ranges and what fits together are checked where they are known.
 */
import { UsageError } from "./error.ts";

/** A kind of argument. */
export interface Kind {
  /** Completes "wanted: …". */
  readonly wanted: string;
  readonly fix?: string;
  holds(x: unknown): boolean;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (x: unknown): x is Fields => typeof x === "object" && x !== null;
const has =
  (...methods: readonly string[]) =>
  (x: unknown) =>
    isObject(x) && methods.every((name) => typeof x[name] === "function");
const holdsGraph = (x: unknown): boolean =>
  isObject(x) && Array.isArray(x["nodes"]) && Array.isArray(x["inputs"]) && x["initializers"] instanceof Map;

export const anObject: Kind = {
  wanted: "an object",
  holds: (x) => isObject(x) && !Array.isArray(x) && !ArrayBuffer.isView(x),
};
export const aList: Kind = { wanted: "a list", holds: Array.isArray };
/** Of numbers: a typed array. */
export const anArray: Kind = {
  wanted: "a typed array",
  holds: (x) => ArrayBuffer.isView(x) && !(x instanceof DataView),
};
export const aMap: Kind = { wanted: "a Map", holds: (x) => x instanceof Map };
export const aText: Kind = { wanted: "text", holds: (x) => typeof x === "string" };
export const aNumber: Kind = { wanted: "a number", holds: (x) => typeof x === "number" };
export const aSwitch: Kind = { wanted: "true or false", holds: (x) => typeof x === "boolean" };
export const aFunction: Kind = { wanted: "a function", holds: (x) => typeof x === "function" };
export const someBytes: Kind = {
  wanted: "a Uint8Array, as readFile gives it",
  holds: (x) => x instanceof Uint8Array,
};
export const aGraph: Kind = { wanted: "a graph, such as that of a model", fix: "give model.graph", holds: holdsGraph };
export const aModel: Kind = {
  wanted: "a model",
  fix: "make one with read(bytes) or models, or take run.model",
  holds: (x) => isObject(x) && holdsGraph(x["graph"]) && x["metadata"] instanceof Map && x["dims"] instanceof Map,
};
export const aDataset: Kind = {
  wanted: "a data set",
  fix: "make one with fromArrays, digits or datasets.open",
  holds: (x) => isObject(x) && isObject(x["train"]) && Array.isArray(x["shape"]),
};
export const anEngine: Kind = {
  wanted: "an engine",
  fix: 'give node() of "espalier/node"',
  holds: has("load", "upload"),
};
export const aStore: Kind = {
  wanted: "a store",
  fix: 'give directory(path) of "espalier/node", or memory()',
  holds: has("read", "write", "list", "remove"),
};
export const aCommunicator: Kind = {
  wanted: "the ranks of a run",
  fix: 'give await mpi() of "espalier/node"',
  holds: has("allreduce", "broadcast"),
};
export const anOptimizer: Kind = {
  wanted: "an optimizer",
  fix: "give sgd() or another",
  holds: has("propose", "init"),
};
export const aSchedule: Kind = { wanted: "a schedule of lr", fix: "give constant({ lr: 0.1 })", holds: has("lr") };
export const aPenalty: Kind = {
  wanted: "a penalty",
  fix: "give groupLasso({ lambda }) or another",
  holds: has("bind"),
};
export const aSteering: Kind = {
  wanted: "what steers a run",
  fix: "give structureTarget({ keep: 0.3 })",
  holds: has("cut", "measure", "strength"),
};
const aLoss: Kind = { wanted: "a loss", fix: "give crossEntropy() or another", holds: has("apply") };
export const aLossOrSome: Kind = {
  ...aLoss,
  wanted: "a loss, or losses by output",
  holds: (x) =>
    aLoss.holds(x) ||
    (isObject(x) && Object.values(x).every((of) => aLoss.holds(of) || (isObject(of) && aLoss.holds(of["loss"])))),
};
/** Of `optimizers` or `penalties`. */
export const aMethod: Kind = {
  wanted: "a method",
  fix: "take one of optimizers or penalties",
  holds: (x) => typeof (x as Partial<Record<"of", unknown>> | null)?.of === "function",
};
export const aSignal: Kind = { wanted: "an AbortSignal", holds: has("addEventListener", "throwIfAborted") };

/** The kind, or nothing. */
export const maybe = (kind: Kind): Kind => ({ ...kind, holds: (x) => x === undefined || kind.holds(x) });
/** The kind, or null, or nothing. */
export const orNull = (kind: Kind): Kind => ({ ...kind, holds: (x) => x === null || maybe(kind).holds(x) });
/** One of two. */
export const oneOfKinds = (a: Kind, b: Kind): Kind => ({
  ...a,
  wanted: `${a.wanted}, or ${b.wanted}`,
  holds: (x) => a.holds(x) || b.holds(x),
});

/** The kind of something, in a word. */
export const kindOf = (x: unknown): string => {
  if (x === null || x === undefined) return String(x);
  if (typeof x === "string") return x.length > 40 ? "a text" : `"${x}"`;
  if (typeof x !== "object") return typeof x === "function" ? "a function" : String(x);
  const made = (x as { constructor?: { name?: unknown } }).constructor;
  return typeof made?.name === "string" && made.name !== "" ? made.name : "an object";
};

/** What it is called, what it should be, what it is; with a key, the field of that name. */
type Given = readonly [name: string, kind: Kind, x: unknown, key?: string];

/**
 * Requires arguments of their kinds. They are looked at in order, so that a field follows what it is of.
 * @param who the function, as callers know it
 * @throws UsageError naming the argument, what was got and what was wanted
 */
export function wants(who: string, ...given: readonly Given[]): void {
  for (const [name, kind, x, key] of given) {
    const found = key === undefined ? x : (x as Fields | undefined)?.[key];
    if (kind.holds(found)) continue;
    throw new UsageError(
      found === undefined ? "missing" : "misuse",
      `${who} wants ${kind.wanted}`,
      { argument: name, got: kindOf(found), wanted: kind.wanted },
      kind.fix,
    );
  }
}
