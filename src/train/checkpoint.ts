/**
 * A checkpoint is one safetensors file: an 8-byte little-endian header length, a JSON header, the tensors' bytes.
 * Everything that is not a tensor is JSON in the header's __metadata__ (float64 survives JSON exactly). The header
 * begins with a checksum of the whole file, so that a run never goes on from other weights than it wrote.
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
const Header = z.object({ __metadata__: z.object({ checksum: z.string(), espalier: z.string() }) }).catchall(Entry);

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Anything JSON can hold. */
  readonly state: unknown;
}

const BEGINNING = '{"__metadata__":{"checksum":"';
const DIGITS = 64;
const CHECKSUM = { from: 8 + BEGINNING.length, to: 8 + BEGINNING.length + DIGITS };

const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

/** SHA-256 in hexadecimal of the header, its checksum read as zeros, and of the SHA-256 of the tensors. */
async function checksum(bytes: Uint8Array, headerLength: number): Promise<string> {
  const head = new Uint8Array(8 + headerLength + 32);
  head.set(bytes.subarray(0, 8 + headerLength));
  head.fill(0, CHECKSUM.from, CHECKSUM.to);
  head.set(await sha256(bytes.subarray(8 + headerLength)), 8 + headerLength);
  return Array.from(await sha256(head), (b) => b.toString(16).padStart(2, "0")).join("");
}

export async function encodeCheckpoint({ tensors, state }: Checkpoint): Promise<Uint8Array> {
  const entries: string[] = [];
  let offset = 0;
  for (const [name, t] of tensors) {
    const end = offset + t.data.byteLength;
    const entry = { dtype: types[t.dtype], shape: t.shape, data_offsets: [offset, end] };
    entries.push(`,${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset = end;
  }
  const text = JSON.stringify(JSON.stringify(state));
  const json = new TextEncoder().encode(`${BEGINNING}${"0".repeat(DIGITS)}","espalier":${text}}${entries.join("")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length).set(json, 8);
  let at = 8 + length;
  for (const t of tensors.values()) {
    bytes.set(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength), at);
    at += t.data.byteLength;
  }
  bytes.set(new TextEncoder().encode(await checksum(bytes, length)), CHECKSUM.from);
  return bytes;
}

/**
 * @param file what errors call it
 * @throws EspalierError when the bytes are not, one and all, those that `encodeCheckpoint` made
 */
export async function decodeCheckpoint(bytes: Uint8Array, file?: string): Promise<Checkpoint> {
  const fail = (what: string, details: Record<string, string | number> = {}): never => {
    throw new EspalierError(
      "invalid-file",
      `the checkpoint is damaged: ${what}`,
      { file, ...details },
      "start afresh with overwrite",
    );
  };
  if (bytes.length < 8) fail("too short", { got: bytes.length, wanted: "at least 8 bytes" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (8 + length > bytes.length) fail("the header ends after the file", { got: bytes.length, wanted: 8 + length });
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  if (!text.startsWith(BEGINNING)) fail("its header is not one of Espalier");
  const wanted = text.slice(BEGINNING.length, BEGINNING.length + DIGITS);
  const got = await checksum(bytes, length);
  if (got !== wanted) fail("its checksum is wrong", { got, wanted });
  let header: z.infer<typeof Header>;
  let state: unknown;
  try {
    header = Header.parse(JSON.parse(text));
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
