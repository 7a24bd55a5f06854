/**
 * Weights that a file stores twice. An exporter that transposes a weight ahead of time stores the result beside the weight, where
 * an embedding or another layer reads it as it was: two tensors where the network has one parameter. The second becomes a
 * Transpose (or Identity) of the first here, so that it is trained, cut and written as one. Equal numbers are not enough: the
 * exporter says that one was made of the other, or one is a table of rows and the other multiplies, as tied embeddings do.
 */
import { Allowance } from "../graph/allowance.ts";
import { isMadeUp } from "../graph/joined-operands.ts";
import { takeName } from "../graph/new-names.ts";
import { nodes } from "../graph/nodes.ts";
import { opOf } from "../graph/ops/index.ts";
import { isFloat, sameShape } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { spelledSteps } from "./control/spelled-steps.ts";
import type { FileStep } from "./file-step.ts";
import { originsOf } from "./origins.ts";
import type { Parsed } from "./parse.ts";
import type { StoredTwice } from "./sharing.ts";

/** Equality of so many elements, of so many different numbers, is no accident. */
const ENOUGH = { elements: 64, different: 16 };

/** So many elements are compared for each that is stored. */
const COMPARED = 16;

/** The file with every tensor that it stores a second time made of the first. */
export function withTies(parsed: Parsed): Parsed {
  const ties = tiesIn(parsed);
  if (ties.length === 0) return parsed;
  const copies = new Set(ties.map((t) => t.copy));
  const taken = new Set(parsed.steps.map((s) => s.name));
  const values = new Set([
    ...parsed.initializers.keys(),
    ...parsed.inputs.keys(),
    ...parsed.steps.flatMap((s) => s.outputs),
  ]);
  const place = { source: parsed.source, values: { fresh: (stem: string) => takeName(stem, values) } };
  const steps = ties.flatMap((tie) => {
    const { shape } = parsed.initializers.get(tie.copy)!;
    if (tie.reshaped) return spelledSteps(["Reshape", [tie.name], tie.copy], { shape }, place);
    return [made(tie, takeName(`${tie.copy}/tied`, taken), parsed.initializers.get(tie.name)!)];
  });
  return {
    ...parsed,
    initializers: new Map([...parsed.initializers].filter(([name]) => !copies.has(name))),
    steps: [...steps, ...parsed.steps],
    read: new Set([...parsed.read, ...steps.flatMap((s) => s.inputs)]),
    sharing: { ties, partings: parsed.sharing?.partings ?? [] },
  };
}

function made({ name, copy, transposed }: StoredTwice, node: string, { dtype, shape }: Tensor): FileStep {
  const input = [{ name, dtype, shape }];
  const { op, domain, attrs } = transposed
    ? nodes.Transpose(node, input, { perm: [1, 0] })
    : nodes.Identity(node, input);
  return { op, domain, name: node, inputs: [name], outputs: [copy], attrs, proto: {}, captured: 0 };
}

/** A stored tensor that may be one of a tie. */
interface Candidate {
  readonly name: string;
  readonly tensor: Tensor;
}

function tiesIn(parsed: Parsed): StoredTwice[] {
  const given = new Set(parsed.graph.input?.map((v) => v.name ?? ""));
  const alike = new Map<string, Candidate[]>();
  let stored = 0;
  for (const [name, tensor] of parsed.initializers) {
    stored += tensor.data.length;
    if (!isFloat(tensor.dtype) || tensor.data.length < 2 || given.has(name) || !parsed.read.has(name)) continue;
    const key = likeness(tensor);
    const list = alike.get(key);
    if (list) list.push({ name, tensor });
    else alike.set(key, [{ name, tensor }]);
  }
  const several = [...alike.values()].filter((list) => list.length > 1);
  if (several.length === 0) return [];
  const allowance = new Allowance(COMPARED * stored);
  const evidence = { places: placesIn(parsed), origins: originsOf(parsed) };
  return several.flatMap((list) => tiesAmong(list.sort(byName), evidence, allowance));
}

/** Those with names of their own first. */
const byName = (a: Candidate, b: Candidate): number => Number(isMadeUp(a.name)) - Number(isMadeUp(b.name));

/** What a tensor has in common with its transpose, and with itself on further axes of 1. */
function likeness({ dtype, shape, data }: Tensor): string {
  const long = shape.filter((d) => d !== 1);
  return [dtype, long.length === 2 ? [...long].sort((a, b) => a - b) : long, data[0], data.at(-1)].join(" ");
}

interface Evidence {
  readonly places: Places;
  /** Of what the exporter says that it computed a tensor. */
  readonly origins: ReadonlyMap<string, readonly string[]>;
}

/** Each tensor is tied to the first that it is a copy of. */
function tiesAmong(list: readonly Candidate[], evidence: Evidence, allowance: Allowance): StoredTwice[] {
  const ties: StoredTwice[] = [];
  const tied = new Set<string>();
  for (const [i, copy] of list.entries())
    for (const of of list.slice(0, i)) {
      if (!allowance.take(1)) return ties;
      if (tied.has(of.name)) continue;
      const why = reasons(of, copy, evidence);
      if (!(why.equal || why.transposed || why.reshaped) || !allowance.take(copy.tensor.data.length)) continue;
      const how = likenessOf(of.tensor, copy.tensor);
      const found = how && why[how];
      if (!found) continue;
      ties.push({
        name: of.name,
        copy: copy.name,
        transposed: how === "transposed",
        ...(how === "reshaped" && { reshaped: true as const }),
        why: found,
      });
      tied.add(copy.name);
      break;
    }
  return ties;
}

function likenessOf(a: Tensor, b: Tensor): keyof Reasons | undefined {
  if (sameShape(a.shape, b.shape)) return sameNumbers(a, b) ? "equal" : isTranspose(a, b) ? "transposed" : undefined;
  return isTranspose(a, b) ? "transposed" : sameNumbers(a, b) ? "reshaped" : undefined;
}

/**
 * Why two tensors would be one parameter, were they equal, or the one the other's transpose, or of the same numbers on further axes of 1;
 * undefined when nothing says so.
 */
interface Reasons {
  readonly equal: string | undefined;
  readonly transposed: string | undefined;
  readonly reshaped: string | undefined;
}

const always = (why: string): Reasons => ({ ...alike(why), reshaped: why });
const alike = (why: string | undefined): Reasons => ({ equal: why, transposed: why, reshaped: undefined });

function reasons(a: Candidate, b: Candidate, { places: { tables, factors }, origins }: Evidence): Reasons {
  const from = [a.name, ...(origins.get(a.name) ?? [])];
  const to = [b.name, ...(origins.get(b.name) ?? [])];
  if (from.some((x) => to.includes(x))) return always("its exporter made the one of the other");
  const none = alike(undefined);
  if (!isVaried(a.tensor)) return none;
  if ((tables.has(a.name) && factors.has(b.name)) || (factors.has(a.name) && tables.has(b.name)))
    return alike("an embedding and the projection that is tied to it");
  // layers begin as copies of each other, but not as transposes
  if (factors.has(a.name) && factors.has(b.name))
    return { ...none, transposed: "layers that are each other's transpose" };
  // what an exporter computed ahead of time has no name of its own, and layers that begin as copies have the same axes
  if (factors.has(a.name) && isMadeUp(b.name) && !isMadeUp(a.name))
    return { ...none, reshaped: "its exporter gave a weight further axes of 1" };
  return none;
}

/** Names of stored tensors, by where they are read. */
interface Places {
  /** Of which rows are looked up. */
  readonly tables: ReadonlySet<string>;
  /** That multiply channels. */
  readonly factors: ReadonlySet<string>;
}

function placesIn({ initializers, steps }: Parsed): Places {
  const tables = new Set<string>();
  const factors = new Set<string>();
  const roots = new Map([...initializers.keys()].map((name) => [name, name]));
  for (const { op, domain, inputs, outputs, attrs } of steps) {
    const entry = opOf(op, domain);
    const root = roots.get(inputs[0] ?? "");
    if (entry?.permutes && root !== undefined && outputs[0]) roots.set(outputs[0], root);
    for (const [at, x] of inputs.entries()) {
      const name = roots.get(x);
      if (name === undefined) continue;
      if (entry?.table === at && !attrs.axis) tables.add(name);
      if (entry?.product && at < 2) factors.add(name);
    }
  }
  return { tables, factors };
}

/** −0 is not 0 here, and NaN is itself. */
function sameNumbers({ data: x }: Tensor, { data: y }: Tensor): boolean {
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}

/** So many rows at a time, which the processor's cache holds. */
const TILE = 64;

function isTranspose(a: Tensor, b: Tensor): boolean {
  if (a.shape.length !== 2 || !sameShape(a.shape, b.shape.toReversed())) return false;
  const [rows, columns] = a.shape;
  const [x, y] = [a.data, b.data];
  for (let first = 0; first < rows; first += TILE) {
    const end = Math.min(rows, first + TILE);
    for (let c = 0; c < columns; c++)
      for (let r = first; r < end; r++) if (!Object.is(x[r * columns + c], y[c * rows + r])) return false;
  }
  return true;
}

function isVaried({ data }: Tensor): boolean {
  if (data.length < ENOUGH.elements) return false;
  const seen = new Set<unknown>();
  for (const x of data) if (seen.add(x).size >= ENOUGH.different) return true;
  return false;
}
