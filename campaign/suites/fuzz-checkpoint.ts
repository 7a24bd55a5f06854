/** Mutated checkpoints, some with a checksum that is right again, so that what stands behind it is tried: refused, or resumed to the end. */
import { createHash } from "node:crypto";
import {
  constant,
  type Dataset,
  FILES,
  fromArrays,
  groupLasso,
  type Model,
  memory,
  models,
  rmda,
  type TrainOptions,
  train,
} from "espalier";
import { node } from "espalier/node";
import type { Random } from "../../src/math/random.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/train/checkpoint.ts";
import { mutatedBytes } from "../mutate/bytes.ts";
import { chance, pick } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import type { Suite } from "../suite.ts";

const engine = node({ threads: 1 });
const model: Model = models.mlp({ sizes: [4, 3, 2], seed: 1, input: [4] });
const data: Dataset = fromArrays(
  Array.from({ length: 12 }, (_, i) => [i % 3, i % 4, i % 5, i % 2]),
  Array.from({ length: 12 }, (_, i) => i % 2),
);
const options: TrainOptions = {
  ...{ engine, optimizer: rmda({ c: 0.1 }), schedule: constant({ lr: 0.1 }), penalty: groupLasso({ lambda: 1e-3 }) },
  ...{ epochs: 2, batchSize: 4 },
};

/** The checkpoint after the first epoch. */
async function checkpoint(): Promise<Uint8Array> {
  const store = memory();
  for await (const _ of train(model, data, { ...options, store })) return store.files.get(FILES.checkpoint)!;
  throw new Error("a run of two epochs has a first one");
}
let made: Promise<Uint8Array> | undefined;
const wholeCheckpoint = (): Promise<Uint8Array> => (made ??= checkpoint());

/** As `encodeCheckpoint` computes it, here from the description of the format: over the header with zeros for it, and the tensors' own. */
function sealedAgain(header: string, tensors: Uint8Array): Uint8Array {
  const sha = (...parts: Uint8Array[]) => parts.reduce((h, p) => h.update(p), createHash("sha256")).digest();
  const zeros = header.replace(/"checksum":"[^"]*"/, `"checksum":"${"0".repeat(64)}"`);
  const json = new TextEncoder().encode(zeros);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  const sum = sha(length, json, sha(tensors)).toString("hex");
  return Buffer.concat([length, new TextEncoder().encode(zeros.replace("0".repeat(64), sum)), tensors]);
}

/** Other tensors, sizes, types, offsets. */
function otherHeader(random: Random, whole: Uint8Array): Uint8Array {
  const length = Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true));
  const { __metadata__, ...tensors } = JSON.parse(new TextDecoder().decode(whole.subarray(8, 8 + length)));
  const header = JSON.stringify({ __metadata__, ...mutatedTree<object>(random, tensors) });
  const body = whole.slice(8 + length);
  return sealedAgain(header, chance(random, 0.3) ? mutatedBytes(random, body) : body);
}

/** Another record of the run. */
async function otherState(random: Random, whole: Uint8Array): Promise<Uint8Array> {
  const { tensors, state } = await decodeCheckpoint(whole.slice());
  return encodeCheckpoint({ tensors, state: mutatedTree(random, state) });
}

const mutants = [mutatedBytes, otherHeader, otherState, otherState] as const;

export const fuzzCheckpoint: Suite = {
  name: "fuzz-checkpoint",
  about: "mutated checkpoints, with a right checksum or not: resumed",
  share: 1,
  async run({ random, keep }) {
    const bytes = await pick(random, mutants)(random, await wholeCheckpoint());
    keep(FILES.checkpoint, bytes);
    const store = memory();
    await store.write(FILES.checkpoint, bytes);
    for await (const _ of train(model, data, { ...options, store, resume: true }));
    return "resumed";
  },
};
