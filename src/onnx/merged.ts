/**
 * Tensors that a file stores once though they are several: exporters keep equal numbers once, and layers begin with equal numbers
 * (zeros, ones, copies of one layer). Here every parameter gets a tensor of its own again, so that no layer is coupled with
 * another by accident; a parameter that really is used several times stays one. Told apart by
 * - the exporter's own record: `Identity(a.bias) → b.bias`, or the parameters that a call was made with;
 * - what a product adds behind it: weights of which each has a bias of its own are several;
 * - for one number everywhere, the modules in the nodes' names, or else the weights next to them.
 */
import { Allowance } from "../graph/allowance.ts";
import { isMadeUp, isTrigonometric } from "../graph/joined-operands.ts";
import { takeName } from "../graph/new-names.ts";
import { opOf } from "../graph/ops/index.ts";
import type { Tensor } from "../graph/types.ts";
import type { FileStep } from "./file-step.ts";
import { mayBeLearned, type Names, namesOf, parameterRead, storedName } from "./parameter-names.ts";
import type { Parsed } from "./parse.ts";
import { layers } from "./same-layer.ts";
import type { Parting } from "./sharing.ts";
import { type Alias, type Held, type Holds, type Reader, storedReaders } from "./stored-readers.ts";

/** Elements that a file may hold beyond what it stores, readers of one tensor that are told apart, and pairs of readers of all. */
const [MOST_ELEMENTS, MOST_READERS, MOST_PAIRS] = [2 ** 28, 2 ** 10, 2 ** 18];

const MERGED = "its exporter stored equal numbers once";

/** What becomes of a tensor that is several. */
interface Plan {
  readonly held: Held;
  /** Aliases that are tensors of their own, and those that are an alias of one of these. */
  readonly own: ReadonlySet<Alias>;
  readonly moved: ReadonlyMap<Alias, string>;
  /** Readers that read another tensor, by its name. */
  readonly read: ReadonlyMap<Reader, string>;
  readonly why: string;
}

/** The file with every parameter stored on its own. */
export function withOwnTensors(parsed: Parsed): Parsed {
  const values = storedReaders(parsed);
  const several = [...new Set([...values.values()].map((v) => v.held))].filter(isSeveral);
  if (several.length === 0) return parsed;
  const context = contextOf(parsed, values);
  let left = MOST_ELEMENTS;
  const plans: Plan[] = [];
  for (const held of several) {
    const plan = held.aliases.length > 0 ? byAliases(held, context) : byReaders(held, context);
    const added = plan ? namesIn(plan).length * held.tensor.data.length : 0;
    if (!plan || added === 0 || added > left) continue;
    left -= added;
    plans.push(plan);
  }
  return plans.length === 0 ? parsed : apart(parsed, plans);
}

const isSeveral = ({ readers, aliases, tensor }: Held): boolean =>
  readers.length + aliases.length > 1 && readers.length + aliases.length <= MOST_READERS && mayLearn(tensor);

/** Masks and tables of sines are as they are, however many read them. */
function mayLearn(tensor: Tensor): boolean {
  const { shape, data } = tensor;
  if (shape.filter((d) => d > 1).length < 2) return shape.length > 0;
  if (!(data instanceof Float32Array)) return true;
  const numbers = new Set<number>();
  for (const x of data) {
    if (!Number.isFinite(x)) return false;
    if (numbers.size < 3) numbers.add(x);
  }
  return numbers.size !== 2 && !isTrigonometric(tensor);
}

const namesIn = ({ own, read }: Plan): string[] => [...new Set([...[...own].map((a) => a.name), ...read.values()])];

interface Context extends Names {
  readonly values: ReadonlyMap<string, Holds>;
  readonly behind: ReadonlyMap<string, readonly FileStep[]>;
  readonly taken: Set<string>;
  readonly sameLayer: (a: Reader, b: Reader) => boolean;
  /** How many pairs of readers may still be looked at. */
  readonly compared: Allowance;
}

function contextOf(parsed: Parsed, values: Context["values"]): Context {
  const { steps } = parsed;
  const behind = new Map<string, FileStep[]>();
  for (const s of steps)
    for (const x of s.inputs) {
      const known = behind.get(x);
      if (known) known.push(s);
      else behind.set(x, [s]);
    }
  const names = [...parsed.inputs.keys(), ...parsed.initializers.keys(), ...steps.flatMap((s) => s.outputs)];
  return {
    ...namesOf(parsed),
    values,
    behind,
    taken: new Set(names),
    sameLayer: layers(parsed, values),
    compared: new Allowance(MOST_PAIRS),
  };
}

// --- a tensor with other names: the exporter kept one of several that it found equal ---

function byAliases(held: Held, context: Context): Plan | undefined {
  const own = new Set<Alias>();
  const moved = new Map<Alias, string>();
  const here = layerOf(held.readers, context);
  const firstOf = new Map<string, string>();
  for (const alias of held.aliases) {
    const there = layerOf(alias.readers, context);
    const called = !isMadeUp(alias.name);
    const several = called && held.uniform ? true : (areSeveral(held, here, there) ?? called);
    if (!several) continue;
    const layer = called ? alias.name : (there.bias?.name ?? there.module ?? alias.name);
    const first = firstOf.get(layer);
    if (first !== undefined) moved.set(alias, first);
    else {
      own.add(alias);
      firstOf.set(layer, alias.name);
    }
  }
  return own.size === 0 ? undefined : { held, own, moved, read: new Map(), why: MERGED };
}

/** Where a tensor is read, by one of its names. */
interface Layer {
  /** What is added to the product with it, by the name that the exporter has for it. */
  readonly bias: { readonly name: string; readonly held: Held } | undefined;
  readonly module: string | undefined;
  /** It is a table of which rows are looked up; or it multiplies. */
  readonly table: boolean;
  readonly factor: boolean;
}

function layerOf(named: readonly Reader[], context: Context): Layer {
  const readers = named.flatMap((r) => (entryOf(r.step)?.permutes ? readersOf(r.step.outputs[0], context) : [r]));
  const product = readers.find(isFactor)?.step;
  return {
    bias: product && biasOf(product, context),
    module: readers[0] && context.moduleOf(readers[0].step),
    table: readers.some(({ step, at }) => entryOf(step)?.table === at),
    factor: product !== undefined,
  };
}

/**
 * Whether a tensor stands for several; undefined when nothing tells. Layers that began as copies have equal biases too, but their
 * own. Where the biases differ, one weight was meant; and no table began as a copy of what multiplies.
 */
function areSeveral({ uniform, tensor }: Held, a: Layer, b: Layer): boolean | undefined {
  if (uniform) {
    if (a.bias && b.bias) return a.bias.name !== b.bias.name;
    return a.module === undefined || b.module === undefined ? undefined : a.module !== b.module;
  }
  if ((a.table && b.factor) || (a.factor && b.table)) return false;
  if (tensor.shape.length < 2 || !a.bias || !b.bias) return undefined;
  return a.bias.name !== b.bias.name && a.bias.held === b.bias.held;
}

const entryOf = ({ op, domain }: FileStep) => opOf(op, domain);
const isFactor = ({ step, at }: Reader): boolean => !!entryOf(step)?.product && at < 2;

const readersOf = (value: string, { behind }: Context): Reader[] =>
  (behind.get(value) ?? []).map((step) => ({ step, at: step.inputs.indexOf(value) }));

function biasOf(product: FileStep, { behind, values }: Context): Layer["bias"] {
  const added = (behind.get(product.outputs[0]) ?? []).filter((s) => entryOf(s)?.joins);
  for (const name of [product.inputs[2] ?? "", ...added.flatMap((s) => s.inputs.slice(0, 2))]) {
    const known = values.get(name);
    if (known) return { name: known.alias?.name ?? known.held.name, held: known.held };
  }
  return undefined;
}

// --- a tensor that several nodes read by one name ---

function byReaders(held: Held, context: Context): Plan | undefined {
  const { uniform, readers } = held;
  const keys = readers.map((r) => parameterRead(held, r, context));
  const guessed = uniform ? guess(held, keys, context) : new Set<string>();
  const own = keys.includes(held.name) ? held.name : (keys.find((k) => k !== undefined) ?? held.name);
  const names = new Map<string, string>();
  const read = new Map<Reader, string>();
  readers.forEach((r, i) => {
    const key = keys[i];
    if (key === undefined || key === own) return;
    const name =
      names.get(key) ?? takeName(guessed.has(key) ? held.name : storedName(key, held, context), context.taken);
    names.set(key, name);
    read.set(r, name);
  });
  if (read.size === 0) return undefined;
  const why = guessed.size > 0 ? "one number everywhere, in layers without a weight in common" : MERGED;
  return { held, own: new Set(), moved: new Map(), read, why };
}

/** Readers of which nothing is said, apart by layers; the keys that stand for them. What would take too long to tell stays. */
function guess(held: Held, keys: (string | undefined)[], { sameLayer, compared }: Context): Set<string> {
  const { readers } = held;
  const first: number[] = [];
  const made = new Set<string>();
  readers.forEach((r, i) => {
    if (keys[i] !== undefined || !mayBeLearned(held, r) || !compared.take(first.length)) return;
    const same = first.find((j) => readers[j].at === r.at && sameLayer(readers[j], r));
    if (same === undefined) first.push(i);
    keys[i] = `the layer of reader ${same ?? i}`;
    made.add(keys[i]);
  });
  return made;
}

// --- the file ---

function apart(parsed: Parsed, plans: readonly Plan[]): Parsed {
  const initializers = new Map(parsed.initializers);
  const gone = new Set<FileStep>();
  const renamed = new Map<FileStep, Map<number, string>>();
  const rename = ({ step, at }: Reader, name: string) => {
    if (!renamed.has(step)) renamed.set(step, new Map());
    renamed.get(step)!.set(at, name);
  };
  for (const plan of plans) {
    for (const name of namesIn(plan)) initializers.set(name, plan.held.tensor);
    for (const { by } of plan.own) gone.add(by);
    for (const [{ by }, name] of plan.moved) rename({ step: by, at: 0 }, name);
    for (const [reader, name] of plan.read) rename(reader, name);
  }
  const steps = parsed.steps
    .filter((s) => !gone.has(s))
    .map((s): FileStep => {
      const names = renamed.get(s);
      return names ? { ...s, inputs: s.inputs.map((x, at) => names.get(at) ?? x) } : s;
    });
  const partings = plans.map((p): Parting => ({ name: p.held.name, apart: namesIn(p), why: p.why }));
  return {
    ...parsed,
    initializers,
    steps,
    read: new Set([...parsed.outputs, ...steps.flatMap((s) => s.inputs)]),
    sharing: { ties: parsed.sharing?.ties ?? [], partings },
  };
}
