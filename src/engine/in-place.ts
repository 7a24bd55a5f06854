/**
 * Runs that leave outputs where they were written. The binding of onnxruntime-node 1.30 copies every output into a new buffer, even
 * what was written into the caller's own, and has no option against it: of a step of VGG-16 120 MB, 85 ms of one processor (Intel
 * Xeon), most of it for fresh pages. But it brings no sequence to JavaScript, and says so when the model has run and it comes to one. So
 * the model gets a sequence as its first output, and a run that asks for it ends with those words before anything is copied. Whether
 * a binding does that, and in which words, is found out on a small model; where it does not, runs are the ordinary ones.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { dictionary } from "../dictionary.ts";
import type { Data } from "../dtype.ts";
import type { DeclaredTensor } from "./feeds.ts";
import { identity } from "./identity.ts";
import { wireBytes, wireNumber, wireText } from "./wire.ts";

/** The name of the sequence among a model's outputs. */
export const ENDING = "espalier/ending";

/** Bytes of targets from which the copies cost more than the error. */
const LEAST = 1 << 15;

type Ort = typeof import("onnxruntime-node");

/** A model's bytes with the sequence as its first output. Protobuf joins messages whose bytes follow each other. */
export function ending(model: Uint8Array): Uint8Array {
  const node = [...wireText(2, ENDING), ...wireText(3, ENDING), ...wireText(4, "SequenceEmpty")];
  const floats = wireBytes(4, wireBytes(1, wireBytes(1, wireNumber(1, 1)))); // TypeProto: a sequence of float32 tensors
  const graph = [...wireBytes(1, node), ...wireBytes(12, [...wireText(1, ENDING), ...wireBytes(2, floats)])];
  const first = wireBytes(7, graph);
  const joined = new Uint8Array(first.length + model.length);
  joined.set(first);
  joined.set(model, first.length);
  return joined;
}

/** With which words a run ends that asks for the sequence and has written its other outputs; undefined when none does. */
export async function wordsOfEnding(
  ort: Ort,
  load: (model: Uint8Array) => Promise<InferenceSession>,
): Promise<string | undefined> {
  const session = await load(ending(identity("float32")));
  const [x, y] = [1, 0].map((value) => new ort.Tensor("float32", Float32Array.of(value), [1]));
  const words = await session.run({ x }, { [ENDING]: null, y }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  await session.release();
  return y.data[0] === 1 ? words : undefined;
}

/** Makes a tensor like one that an earlier run brought. */
type Maker = () => Tensor;

/** Arrays for the types that programs have as outputs beside their state. */
const arrays = {
  float32: (n: number) => new Float32Array(n),
  int32: (n: number) => new Int32Array(n),
  int64: (n: number) => new BigInt64Array(n),
};

/** How one session runs without copies. */
export class InPlace {
  private readonly ort: Ort;
  private readonly words: string;
  /** Of outputs that had no target. */
  private readonly makers = new Map<string, Maker>();

  /** @param declared outputs of known types and shapes, so that the first run too leaves all copies out */
  constructor(ort: Ort, words: string, declared: readonly DeclaredTensor[] = []) {
    this.ort = ort;
    this.words = words;
    for (const { name, dtype, shape = [] } of declared) {
      // an output without a shape is a scalar or of unknown rank: if it is none, the run fails and an ordinary one tells
      const dims = shape.filter((d) => typeof d === "number" && d >= 0) as number[];
      if (dims.length < shape.length || !Object.hasOwn(arrays, dtype)) continue;
      const make = arrays[dtype as keyof typeof arrays];
      const length = dims.reduce((n, d) => n * d, 1);
      this.makers.set(name, () => new ort.Tensor(dtype as "float32", make(length) as Float32Array, dims));
    }
  }

  /** Takes note of the outputs of an ordinary run, which tell what those without a target are. */
  learn(results: InferenceSession.ReturnType): void {
    for (const [name, { type, dims, data, size }] of Object.entries(results)) {
      if (type === "string") continue;
      const DataArray = (data as Data).constructor as Float32ArrayConstructor;
      this.makers.set(name, () => new this.ort.Tensor(type as "float32", new DataArray(size), dims));
    }
  }

  /**
   * @param fetches a target for each output, or null
   * @returns the targets, with new tensors for the other outputs; undefined when nothing is gained, nothing is known of an output yet
   *   or the run failed: an ordinary run then does it or says why not, as a run changes nothing of what it reads
   */
  async run(
    session: InferenceSession,
    feeds: InferenceSession.FeedsType,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor> | undefined> {
    const targets = Object.values(fetches).filter((t) => t !== null);
    if (targets.reduce((sum, t) => sum + (t.data as Data).byteLength, 0) < LEAST) return undefined;
    const outputs = dictionary<Tensor>();
    for (const [name, target] of Object.entries(fetches)) {
      const made = target ?? this.makers.get(name)?.();
      if (!made) return undefined;
      outputs[name] = made;
    }
    const done = await session.run(feeds, { [ENDING]: null, ...outputs }).then(
      () => true,
      (error: Error) => error.message === this.words,
    );
    return done ? outputs : undefined;
  }
}
