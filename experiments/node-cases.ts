/** ONNX's own tests of single operators, as test/fixtures/node-tests/make.py writes them, and how reading and writing fare with them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  atBatch,
  type Engine,
  type EngineTensor,
  EspalierError,
  encode,
  type Model,
  operatorTable,
  read,
  readingNotes,
  write,
} from "espalier";

/** A tensor of a case: where its bytes stand. Without data it is of a type that Espalier does not hold. */
interface Stored {
  readonly name: string;
  readonly type: string;
  readonly shape?: readonly number[];
  readonly data?: readonly [at: number, length: number];
}

interface CaseEntry {
  readonly name: string;
  readonly operator: string;
  readonly opset: number | null;
  readonly rtol: number;
  readonly atol: number;
  readonly model: readonly [at: number, length: number];
  /** The same model with all inputs but the first as initializers. */
  readonly stored?: readonly [at: number, length: number];
  readonly inputs: readonly Stored[];
  readonly outputs: readonly Stored[];
}

/** One test: a model, what goes in, what has to come out. */
export interface NodeCase extends Pick<CaseEntry, "name" | "operator" | "opset" | "rtol" | "atol"> {
  readonly model: Uint8Array;
  readonly stored?: Uint8Array;
  /** undefined where one of them is of a type that Espalier does not hold. */
  readonly tensors?: { readonly inputs: Feeds; readonly outputs: Feeds };
}

type Feeds = Readonly<Record<string, EngineTensor>>;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

const known: ReadonlySet<string> = new Set(operatorTable().map(({ name }) => name));

/** The cases of a folder, in the order of the file, and the version of ONNX that they are of. */
export function nodeCases(folder: string): { readonly onnx: string; readonly cases: readonly NodeCase[] } {
  const { onnx, cases } = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as {
    onnx: string;
    cases: readonly CaseEntry[];
  };
  const all = readFileSync(join(folder, "cases.bin"));
  const bytes = ([at, length]: readonly [number, number]) => Uint8Array.from(all.subarray(at, at + length));
  const tensor = ({ type, shape, data }: Stored): EngineTensor => {
    const dtype = type as EngineTensor["dtype"];
    return { dtype, shape: shape!, data: new ARRAYS[dtype](bytes(data!).buffer) };
  };
  const feeds = (list: readonly Stored[]): Feeds => Object.fromEntries(list.map((t) => [t.name, tensor(t)]));
  return {
    onnx,
    cases: cases.map(({ model, stored, inputs, outputs, ...rest }) => ({
      ...rest,
      model: bytes(model),
      ...(stored && { stored: bytes(stored) }),
      ...([...inputs, ...outputs].every((t) => t.data) && {
        tensors: { inputs: feeds(inputs), outputs: feeds(outputs) },
      }),
    })),
  };
}

/** How a case fared, and why. */
export interface Fared {
  /**
   * - `agree`: what was read, and what was written, makes what ONNX says;
   * - `runtime`: ONNX Runtime does with what was written what it does with the file itself, and that is not what ONNX says;
   * - `refused`: by `read`, by name;
   * - `unfed`: read, but not run, since the case has tensors that cannot be fed;
   * - `evaluation`: the case is of training, and the file is read for what it means in evaluation, which is said;
   * - `wrong`: anything else.
   */
  readonly is: "agree" | "runtime" | "refused" | "unfed" | "evaluation" | "wrong";
  readonly why?: string;
  /** The file was refused for a parameter that it takes as an input; this is how it fares with stored parameters. */
  readonly stored?: true;
}

/** Reads a case's file, writes it, and runs both forms. */
export async function fare(c: NodeCase, engine: Engine): Promise<Fared> {
  const first = await fareAs(c, c.model, engine);
  if (!(first.is === "refused" && first.why?.includes("is computed from data") && c.stored)) return first;
  return { ...(await fareAs(c, c.stored, engine)), stored: true };
}

async function fareAs(c: NodeCase, bytes: Uint8Array, engine: Engine): Promise<Fared> {
  let model: Model;
  try {
    model = read(bytes);
  } catch (e) {
    if (!(e instanceof EspalierError)) return { is: "wrong", why: `reading throws ${e}` };
    return { is: "refused", why: reason(e) };
  }
  if (!c.tensors) return { is: "unfed" };
  const written = await made(write(model), c, engine);
  const internal = internalBytes(model, c);
  const inside = internal && typeof written !== "string" ? await made(internal, c, engine) : written;
  const wrong = differs(c.tensors.outputs, written, c) ?? differs(c.tensors.outputs, inside, c);
  if (!wrong) return { is: "agree" };
  if (readingNotes(model).length > 0) return { is: "evaluation", why: wrong };
  const original = await made(bytes, c, engine);
  const alike = typeof written === "string" ? typeof original === "string" : sameAs(original, written, inside, c);
  return { is: alike ? "runtime" : "wrong", why: wrong };
}

const sameAs = (original: Feeds | string, written: Feeds, inside: Feeds | string, c: NodeCase): boolean =>
  typeof original !== "string" && !differs(original, written, c) && !differs(original, inside, c);

/** What was refused, without the names of this file. */
function reason({ what: words, details }: EspalierError): string {
  const what = `${words}`;
  return /element type|not a tensor|opset/.test(what) ? `${what}: ${details.got}` : what;
}

/** The canonical graph for the engine, where it has the case's shapes and operators of the table alone. */
function internalBytes(model: Model, { tensors }: NodeCase): Uint8Array | undefined {
  if (model.graph.nodes.some(({ op, domain }) => domain !== "" || !known.has(op))) return undefined;
  const [batch] = Object.values(tensors!.inputs)[0]?.shape ?? [];
  const graph = batch ? atBatch(model, batch) : model.graph;
  return graph.inputs.every((v) => tensors!.inputs[v.name]?.shape.join() === v.shape.join())
    ? encode(graph)
    : undefined;
}

/** Outputs by name, or what the runtime says. */
async function made(bytes: Uint8Array, { tensors }: NodeCase, engine: Engine): Promise<Feeds | string> {
  try {
    const session = await engine.load(bytes);
    try {
      const feeds = Object.entries(tensors!.inputs).filter(([name]) => session.inputNames.includes(name));
      const held = Object.fromEntries(feeds.map(([name, t]) => [name, engine.upload(t)]));
      const out = await session.run(held);
      return Object.fromEntries(
        await Promise.all(Object.entries(out).map(async ([name, t]) => [name, await engine.download(t)] as const)),
      );
    } finally {
      await session.release();
    }
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    return `ONNX Runtime: ${e.details.reason ?? e.what}`.replace(/\s+/g, " ");
  }
}

/** What is not as it should be, or undefined. */
function differs(wanted: Feeds, got: Feeds | string, { rtol, atol }: NodeCase): string | undefined {
  if (typeof got === "string") return got;
  for (const [name, a] of Object.entries(wanted)) {
    const b = got[name];
    if (a.dtype !== b?.dtype || a.shape.join() !== b.shape.join())
      return `${name} is ${b?.dtype}[${b?.shape}], not ${a.dtype}[${a.shape}]`;
    const [x, y] = [numbers(a), numbers(b)];
    const at = x.findIndex(
      (p, i) => !Object.is(p, y[i]) && p !== y[i] && !(Math.abs(p - y[i]) <= atol + rtol * Math.abs(p)),
    );
    if (at >= 0) return `${name}[${at}] is ${y[at]}, not ${x[at]}`;
  }
  return undefined;
}

/** The elements as numbers; 16-bit floats are held as bits. */
function numbers({ dtype, data }: EngineTensor): number[] {
  const all = Array.from(data as ArrayLike<number | bigint>, Number);
  return dtype === "float16" ? all.map(half) : all;
}

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 1 + fraction / 1024 : fraction / 1024) * 2 ** (Math.max(exponent, 1) - 15);
}
