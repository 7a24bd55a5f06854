/** A model loaded into onnxruntime-node. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { dictionary, ownEntry } from "../dictionary.ts";
import type { Data, DType } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import type { DeviceTensor, DeviceTensors, Session } from "./engine.ts";
import { checkFeeds, checkTargets, type DeclaredTensor } from "./feeds.ts";
import { ENDING, type InPlace } from "./in-place.ts";
import { NodeTensor } from "./node-tensor.ts";

/** What a session wants of its engine. */
export interface TensorOwner {
  /** The handle's tensor. @throws EspalierError when it was disposed of or is another engine's */
  open(t: DeviceTensor): Tensor;
  /** What the runtime threw while it ran a model, as an error of ours. */
  failed(error: unknown): EspalierError;
}

export class NodeSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  private readonly session: InferenceSession;
  private readonly owner: TensorOwner;
  private readonly inputs: readonly DeclaredTensor[];
  private readonly outputs: ReadonlyMap<string, DeclaredTensor>;
  /** Whether outputs stay on the device: the runtime then allocates all of them itself. */
  private readonly resident: boolean;
  /** Runs without copies of what is written in place, where the session can. */
  private readonly inPlace: InPlace | undefined;
  private released = false;

  /** @param inPlace how it runs without copies, with outputs of the declared types and shapes */
  constructor(
    session: InferenceSession,
    owner: TensorOwner,
    resident: boolean,
    inPlace?: (declared: readonly DeclaredTensor[]) => InPlace,
  ) {
    this.session = session;
    this.owner = owner;
    this.resident = resident;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames.filter((name) => name !== ENDING);
    this.inputs = declared(session.inputMetadata);
    const outputs = session.outputMetadata.filter(({ name }) => name !== ENDING);
    this.outputs = new Map(declared(outputs).map((o) => [o.name, o]));
    this.inPlace = inPlace?.([...this.outputs.values()]);
  }

  async run(feeds: DeviceTensors, into: DeviceTensors = {}): Promise<Record<string, DeviceTensor>> {
    if (this.released)
      throw new EspalierError(
        "misuse",
        "a session is run that was released",
        { outputs: this.outputNames.join(", ") },
        "release a session after its last run, or load the model again",
      );
    checkFeeds(this.inputs, feeds);
    checkTargets(this.outputs, feeds, into);
    const views = dictionary<Tensor>();
    for (const name of this.inputNames) views[name] = this.owner.open(feeds[name]);
    const fetches = dictionary<Tensor | null>();
    for (const name of this.outputNames) {
      const target = ownEntry(into, name);
      fetches[name] = target ? this.target(target) : null;
    }
    const results = (await this.inPlace?.run(this.session, views, fetches)) ?? (await this.copied(views, fetches));
    const outputs = dictionary<DeviceTensor>();
    const copies: Tensor[] = [];
    for (const name of this.outputNames)
      if (fetches[name]) {
        outputs[name] = into[name]; // written in place
        if (results[name] !== fetches[name]) copies.push(results[name]);
      } else outputs[name] = this.placed(results[name], ownEntry(into, name));
    free(copies);
    return outputs;
  }

  /** A run of which the binding copies every output. */
  private async copied(feeds: InferenceSession.FeedsType, fetches: Record<string, Tensor | null>) {
    const results = await this.session.run(feeds, fetches as InferenceSession.FetchesType).catch((e) => {
      throw this.owner.failed(e);
    });
    this.inPlace?.learn(results);
    return results;
  }

  /** Where the runtime may write an output; null: it allocates one, which `placed` puts in its place. */
  private target(t: DeviceTensor): Tensor | null {
    const tensor = this.owner.open(t);
    return this.resident || tensor.location !== "cpu" ? null : tensor;
  }

  /** What the runtime allocated, in the target if there is one. */
  private placed(result: Tensor, target: DeviceTensor | undefined): DeviceTensor {
    if (!(target instanceof NodeTensor)) return new NodeTensor(this.owner, result, result.type as DType);
    target.replace(result);
    return target;
  }

  async release(): Promise<void> {
    if (this.released) return;
    this.released = true;
    await this.session.release();
  }
}

/**
 * Frees the copies that the binding makes of outputs although they were written in place (onnxruntime-node 1.30): the whole state of a
 * training at every step. Left to the garbage collector, it is memory enough to make a full collection due every few steps (10 to
 * 20 % of the time of a small one). What is transferred to a closed port is dropped at once; Node.js 20 has no `ArrayBuffer.transfer`.
 */
function free(copies: readonly Tensor[]): void {
  if (copies.length === 0) return;
  nowhere ??= closedPort();
  nowhere.postMessage(
    null,
    copies.map(({ data }) => (data as Data).buffer as ArrayBuffer),
  );
}
let nowhere: MessagePort | undefined;

function closedPort(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}

/** onnxruntime-common keeps tensors in objects with a prototype, and loses this one (1.30). */
const UNSPEAKABLE = "__proto__";

/** The runtime gives no shape, [], both for a scalar and for a tensor of unknown rank. */
const declared = (metadata: readonly InferenceSession.ValueMetadata[]): DeclaredTensor[] =>
  metadata.map((m) => {
    if (!m.isTensor)
      throw new EspalierError(
        "unsupported",
        `"${m.name}" is no tensor`,
        {},
        "Espalier runs models of tensors: no sequences, no maps",
      );
    if (m.name === UNSPEAKABLE)
      throw new EspalierError(
        "unsupported",
        `ONNX Runtime for JavaScript has no input or output of this name`,
        { name: m.name },
        "rename it in the model",
      );
    return { name: m.name, dtype: m.type as DType, shape: m.shape.length > 0 ? m.shape : undefined };
  });
