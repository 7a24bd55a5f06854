/**
 * A checkpoint is one safetensors file: an 8-byte little-endian header length, a JSON header, the tensors' bytes.
 * Everything that is not a tensor is JSON in the header's __metadata__ (float64 survives JSON exactly).
 */
import { z } from "zod";
import { EspalierError } from "../error.ts";
import { arrayOf, bytesPerElement, size } from "../graph/tensor.ts";
import type { DType, Tensor } from "../graph/types.ts";

const types: Partial<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int8: "I8",
  uint8: "U8",
  int16: "I16",
  uint16: "U16",
  int32: "I32",
  uint32: "U32",
  int64: "I64",
  uint64: "U64",
  bool: "BOOL",
};
const dtypes = Object.fromEntries(Object.entries(types).map(([k, v]) => [v, k as DType]));

const count = z.int().nonnegative();
const Entry = z.object({ dtype: z.string(), shape: z.array(count), data_offsets: z.tuple([count, count]) });
const Header = z.object({ __metadata__: z.object({ espalier: z.string() }) }).catchall(Entry);

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Anything JSON can hold. */
  readonly state: unknown;
}

export function encodeCheckpoint({ tensors, state }: Checkpoint): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { espalier: JSON.stringify(state) } };
  let offset = 0;
  for (const [name, t] of tensors) {
    const end = offset + t.data.byteLength;
    header[name] = { dtype: types[t.dtype], shape: t.shape, data_offsets: [offset, end] };
    offset = end;
  }
  let json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  json = padded;
  const bytes = new Uint8Array(8 + json.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const t of tensors.values()) {
    bytes.set(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength), at);
    at += t.data.byteLength;
  }
  return bytes;
}

/** @throws EspalierError naming the field when the bytes are not a whole checkpoint of Espalier */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const fail = (what: string, details: Record<string, string | number> = {}): never => {
    throw new EspalierError(`the checkpoint is damaged: ${what}`, details, "start afresh with --overwrite");
  };
  if (bytes.length < 8) fail("too short", { got: bytes.length, wanted: "at least 8 bytes" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (8 + length > bytes.length) fail("the header ends after the file", { got: bytes.length, wanted: 8 + length });
  let header: z.infer<typeof Header>;
  let state: unknown;
  try {
    header = Header.parse(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))));
    state = JSON.parse(header.__metadata__.espalier);
  } catch (e) {
    return fail("its header is not one of Espalier", { reason: (e as Error).message });
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype: code, shape, data_offsets } = entry as z.infer<typeof Entry>;
    const dtype = dtypes[code];
    const [from, to] = data_offsets.map((x) => 8 + length + x);
    if (!dtype || to - from !== size(shape) * bytesPerElement(dtype) || to > bytes.length)
      return fail("a tensor does not fit", { tensor: name, dtype: code, bytes: to - from });
    const copy = Uint8Array.prototype.slice.call(bytes, from, to); // aligned; a Buffer's own slice would share memory
    const Data = arrayOf(dtype) as new (b: ArrayBuffer) => Tensor["data"];
    tensors.set(name, { dtype, shape, data: new Data(copy.buffer as ArrayBuffer) });
  }
  return { tensors, state };
}
