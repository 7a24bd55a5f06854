/** Trains and keeps the whole state — parameters, slots — before the first step and after each. For tests of optim/. */
import type { Dataset } from "../../src/data/dataset.ts";
import { numbers } from "../../src/graph/tensor.ts";
import type { Model } from "../../src/graph/types.ts";
import { decodeCheckpoint } from "../../src/train/checkpoint.ts";
import { memory } from "../../src/train/memory.ts";
import type { TrainOptions } from "../../src/train/options.ts";
import { train } from "../../src/train/train.ts";

/** Tensors by their names in a checkpoint. */
export type Snapshot = ReadonlyMap<string, readonly number[]>;

export async function everyStep(model: Model, data: Dataset, options: TrainOptions): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  const store = memory();
  const write: typeof store.write = async (name, bytes) => {
    if (name === "checkpoint.safetensors") {
      const { tensors } = await decodeCheckpoint(bytes);
      snapshots.push(new Map([...tensors].map(([k, t]) => [k, numbers(t)])));
    }
    await store.write(name, bytes);
  };
  for await (const _ of train(model, data, { ...options, store: { ...store, write }, checkpointSeconds: 0 }));
  return snapshots;
}
