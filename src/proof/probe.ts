/**
 * Tries on the engine what the proof says. What nobody reads is changed: the outputs must stay the same, bit by bit. What
 * is said to be constant is read while random inputs run through the full model.
 */
import { type Engine, type EngineTensor, type HostTensors, loaded, runOnce } from "../engine/engine.ts";
import { atBatch } from "../graph/bind.ts";
import { heldBy, holding } from "../graph/nodes.ts";
import { checkRunMemory } from "../graph/run-memory.ts";
import { tensor } from "../graph/tensor.ts";
import type { Graph, Model, Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import type { Certificate } from "./certificate.ts";
import type { Case } from "./claims.ts";
import { type Fact, isConstant } from "./fact.ts";
import { places } from "./field.ts";
import { isForConstants, spreadNeed } from "./need.ts";
import { randomInputs } from "./random-inputs.ts";
import { NEED, type Need } from "./rules/rule.ts";
import { tensorDifference } from "./tensor-difference.ts";
import { needsOf } from "./walks.ts";

/** What was tried. */
export interface Probe {
  readonly runs: number;
  /** Stored numbers that were changed without an effect. */
  readonly changed: number;
  /** Elements of activations that were read and held the constant that they should. */
  readonly constants: number;
}

const RUNS = 2;

/** How far the small model's outputs may be from the full one's, relative to the largest: its sums are in another order. */
const TOLERANCE = 1e-4;

/**
 * @param file the bytes of a model, until it is asked for the next ones
 * @param small is run on the same inputs; default: it is not
 * @returns what was tried, and one line for each thing that is not as the proof says
 */
export async function probe(
  full: Model,
  proof: Case,
  certificate: Certificate,
  engine: Engine,
  file: (model: Model) => Uint8Array,
  small?: Model,
): Promise<{ readonly probe: Probe; readonly problems: readonly string[] }> {
  const { graph, facts } = proof;
  const watched = relied(proof);
  const model = (g: Graph): Model => ({
    ...full,
    graph: { ...g, outputs: [...g.outputs, ...watched] },
    dims: fixed(g, watched),
  });
  checkRunMemory(model(graph).graph);
  const problems: string[] = [];
  let constants = 0;
  const inputs = Array.from({ length: RUNS }, (_, run) => randomInputs(model(graph), 2, new Random(run, "verify")));
  // one after the other: two sessions of a large network take more memory than its outputs
  const outputs = await ran(
    engine,
    () => file(model(graph)),
    inputs,
    (found) => {
      for (const v of watched) {
        const { held, off } = compare(v, facts.get(v)!, found[v.name]);
        constants += held;
        if (off) problems.push(`"${v.name}" ${off}`);
      }
      return graph.outputs.map(({ name }) => found[name]);
    },
  );
  let changes = 0;
  const changed = () => {
    const other = changedUnread(proof, certificate);
    changes = other.count;
    return file(model(other.graph));
  };
  const others = await ran(engine, changed, inputs, (found) => graph.outputs.map(({ name }) => found[name]));
  const apart = small
    ? await smallApart(small, graph, outputs, (use) => ran(engine, () => file(small), inputs, use))
    : [];
  const differing = graph.outputs.filter((_, i) => outputs.some((o, run) => !same(o[i], others[run][i])));
  return {
    probe: { runs: RUNS, changed: changes, constants },
    problems: [
      ...differing.map(({ name }) => `output "${name}" changes with what nobody should read`),
      ...new Set(problems),
      ...apart,
    ],
  };
}

/** One line for each output that the small model computes otherwise than the full one. */
async function smallApart(
  small: Model,
  { inputs, outputs }: Graph,
  ofFull: readonly (readonly EngineTensor[])[],
  run: <T>(use: (found: HostTensors) => T) => Promise<T[]>,
): Promise<string[]> {
  const its = atBatch(small, 2);
  const types = (values: readonly Value[]) => values.map((v) => `${v.name} ${v.dtype} [${v.shape}]`).join("; ");
  if (types(inputs) !== types(its.inputs) || types(outputs) !== types(its.outputs))
    return ["the small model has other inputs or outputs"];
  const ofSmall = await run((found) => outputs.map(({ name }) => found[name]));
  return outputs.flatMap(({ name }, i) => {
    const finite = ofFull.flatMap((full, n) => (tensorDifference(full[i], full[i]).reason ? [] : [n])); // else nothing can be said
    const found = finite.map((n) => tensorDifference(ofFull[n][i], ofSmall[n][i]));
    const worst = Math.max(0, ...found.map(({ rel }) => rel));
    const reason =
      found.find((d) => d.reason)?.reason ??
      (worst > TOLERANCE ? `differs by ${worst.toPrecision(3)} relative` : undefined);
    return reason === undefined ? [] : [`output "${name}" of the small model ${reason}`];
  });
}

/** What is made of the outputs of each run of a file. */
async function ran<T>(
  engine: Engine,
  file: () => Uint8Array,
  inputs: readonly HostTensors[],
  use: (found: HostTensors) => T,
): Promise<T[]> {
  const session = await loaded(engine, file);
  try {
    const results: T[] = [];
    for (const feeds of inputs) results.push(use(await runOnce(session, engine, feeds)));
    return results;
  } finally {
    await session.release();
  }
}

/** The full model with other numbers where nothing needs them, among the tensors of which something is removed. */
function changedUnread({ graph, facts, needs }: Case, { removed, replaced }: Certificate) {
  // where nothing is needed for a constant alone, another walk would find the same
  const asLive = replaced.length === 0 && ![...facts.keys()].some((v) => isForConstants(needs.of(v)));
  const strict = asLive ? needs : needsOf(graph, facts, new Map(), atAll);
  const tensors = new Set(removed.map((r) => r.tensor));
  return withChanges(graph, (v) => (tensors.has(v.name) ? strict.of(v) : undefined));
}

/** A constant that is read counts as needed: while its channel is there, the numbers that make it are. */
function atAll(need: Need): Need {
  if (!isForConstants(need)) return need;
  const level = need.level.slice();
  for (let i = 0; i < level.length; i++) if (level[i] !== NEED.unread) level[i] = NEED.live;
  return { shape: need.shape, level };
}

/** Activations of which the proof uses that they are constant. */
function relied({ graph, facts, needs }: Case): Value[] {
  const outputs = new Set(graph.outputs);
  return graph.nodes
    .flatMap((n) => n.outputs)
    .filter((v): v is Value => v !== null && v.dtype === "float32" && !outputs.has(v) && !facts.get(v)!.stored)
    .filter((v) => isForConstants(needs.of(v)))
    .filter((v) => facts.get(v)!.value.some((_, i) => isConstant(facts.get(v)!, i)));
}

/** A graph in which every number that is not needed at all, and is not zero, is another. */
function withChanges(graph: Graph, needOf: (v: Value) => Need | undefined): { graph: Graph; count: number } {
  const random = new Random(0, "verify", 1);
  let count = 0;
  const other = (v: Value, t: Tensor): Tensor => {
    const need = needOf(v);
    if (!need || !(t.data instanceof Float32Array)) return t;
    const level = spreadNeed(need, v.shape);
    const first = level.indexOf(NEED.unread);
    if (first < 0) return t;
    const data = t.data.slice();
    for (let i = first; i < data.length; i++) {
      if (level[i] !== NEED.unread || data[i] === 0) continue;
      count++;
      const by = 3 * random.uniform() - 1.5;
      data[i] *= by < 0 ? 0.25 - by / 6 : 1.5 + by; // a variance stays positive
    }
    return tensor(t.dtype, t.shape, data);
  };
  const initializers = new Map([...graph.initializers].map(([v, t]) => [v, other(v, t)]));
  const nodes = graph.nodes.map((n) => {
    const held = heldBy(n);
    const renewed = held && other(n.outputs[0]!, held);
    return renewed && renewed !== held ? { ...n, attrs: holding(n, renewed).attrs } : n;
  });
  return { graph: { ...graph, initializers, nodes }, count };
}

/** Declared dimensions of a graph whose batch is fixed. */
const fixed = ({ inputs, outputs }: Graph, watched: readonly Value[]): Model["dims"] =>
  new Map([...inputs, ...outputs, ...watched].map((v) => [v.name, v.shape]));

/** Bit by bit, but that −0 is 0. */
function same(a: EngineTensor, b: EngineTensor): boolean {
  const [x, y] = [a.data as unknown as ArrayLike<number>, b.data as unknown as ArrayLike<number>];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i] && !(Number.isNaN(x[i]) && Number.isNaN(y[i]))) return false;
  return x.length === y.length;
}

/** The elements that are known to be constant, in what a run computed. */
function compare(v: Value, known: Fact, found: EngineTensor): { held: number; off?: string } {
  const data = found.data as unknown as ArrayLike<number>;
  const from = places(known.shape, v.shape);
  let held = 0;
  for (let i = 0; i < from.length; i++) {
    const k = from[i];
    if (!isConstant(known, k)) continue;
    const [wanted, error] = [known.value[k], known.error?.[k] ?? 0];
    if (!(Math.abs(data[i] - wanted) <= error)) return { held, off: `holds ${data[i]} where it should hold ${wanted}` };
    held++;
  }
  return { held };
}
