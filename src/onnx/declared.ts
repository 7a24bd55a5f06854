/** What a file declares of its values: element types and dimensions, some of them dynamic. */
import { dataTypes } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import type { Type } from "../graph/op.ts";
import type { Dim, DType } from "../graph/types.ts";
import type { WireMessage } from "./schema.ts";
import { dtypeOf, isHeld } from "./tensors.ts";

/** A declared type. Without dims the rank is unknown. "?" marks a dynamic axis without a name. */
export interface Declared {
  readonly dtype: DType;
  readonly dims: readonly Dim[] | undefined;
}

/** −1 and 0 are what some exporters write for a dynamic axis. */
function dimOf(d: WireMessage<"DimensionProto">, field: string): Dim {
  if (d.dim_param) return d.dim_param;
  if (d.dim_value === undefined || d.dim_value === -1n || d.dim_value === 0n) return "?";
  const n = Number(d.dim_value);
  if (!(n > 0 && Number.isSafeInteger(n)))
    throw new EspalierError("invalid-file", "an impossible dimension", { field, got: n, wanted: "a positive integer" });
  return n;
}

/** What a value is that is no tensor, by the field of TypeProto that says so. */
const KINDS: Readonly<Record<number, string>> = { 4: "a sequence", 5: "a map", 8: "a sparse tensor", 9: "an optional" };
const kindOf = ({ type }: WireMessage<"ValueInfoProto">): string =>
  KINDS[(type?.unknown?.[0]?.[0] ?? 0) >> 3] ?? "no type";

/** @param path what errors call the message */
export function declaredOf(v: WireMessage<"ValueInfoProto">, path: string): Declared {
  const type = v.type?.tensor_type;
  const field = `${path}.type.tensor_type`;
  if (!type)
    throw new EspalierError("unsupported", "a value is not a tensor", {
      field,
      name: v.name,
      got: kindOf(v),
      wanted: "a tensor type",
    });
  const dims = type.shape && (type.shape.dim ?? []).map((d, i) => dimOf(d, `${field}.shape.dim[${i}]`));
  return { dtype: dtypeOf(type.elem_type, `${field}.elem_type`), dims };
}

/** Declarations by name. Those of values that Espalier cannot hold are passed over: only opaque operators use them. */
export function declarations(list: readonly WireMessage<"ValueInfoProto">[], path: string): Map<string, Declared> {
  const map = new Map<string, Declared>();
  for (const [i, v] of list.entries())
    if (v.name && isHeld(v.type?.tensor_type?.elem_type)) map.set(v.name, declaredOf(v, `${path}[${i}]`));
  return map;
}

/**
 * Holds what a file declares against what its operators make. Only element types: of dimensions that are not so ONNX
 * Runtime merely warns.
 * @throws EspalierError naming the value
 */
export function checkDeclared(
  list: readonly WireMessage<"ValueInfoProto">[],
  path: string,
  types: ReadonlyMap<string, Type>,
): void {
  for (const [i, { name, type }] of list.entries()) {
    const made = types.get(name ?? "");
    if (!made || !type) continue;
    const declared = type.tensor_type?.elem_type;
    if (type.tensor_type && (!declared || declared === dataTypes[made.dtype])) continue;
    throw new EspalierError("invalid-file", "a value is declared as another type than it has", {
      field: `${path}[${i}].type`,
      name,
      got: type.tensor_type ? `element type ${declared}` : "no tensor",
      wanted: `${made.dtype}, element type ${dataTypes[made.dtype]}`,
    });
  }
}
