/** Writes what follows sizes as the computation that it is: `Shape`, then operators on single numbers. */
import { dataTypes } from "../dtype.ts";
import { isLength, isPlain } from "../graph/sizes.ts";
import type { Computed, DType, Length, Size, Tensor } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import type { WireMessage } from "./schema.ts";
import { dataOf } from "./tensors.ts";

/** Where names and stored tensors of a file come from. */
export interface FileNames {
  /** Stores a tensor, each once, and gives its name. */
  readonly add: (t: Tensor, hint: string) => string;
  /** A name that nothing else has. */
  readonly fresh: (hint: string) => string;
}

type NodeProto = WireMessage<"NodeProto">;

export class SizeWriter {
  private readonly names: FileNames;
  private readonly known = new Map<string, string>();
  private pending: NodeProto[] = [];

  constructor(names: FileNames) {
    this.names = names;
  }

  /** The nodes that were needed since the last call. They stand before whoever reads them. */
  take(): NodeProto[] {
    const nodes = this.pending;
    this.pending = [];
    return nodes;
  }

  /**
   * The name of a tensor of these numbers.
   * @param scalar without an axis; else a list
   */
  tensor(sizes: readonly Size[], dtype: DType, scalar: boolean, hint: string): string {
    const parts: string[] = [];
    for (let i = 0; i < sizes.length; ) {
      const end = sizes.findIndex((s, k) => k >= i && !isPlain(s));
      const run = sizes.slice(i, end < 0 ? sizes.length : end).filter(isPlain);
      if (run.length > 0) parts.push(this.numbers(run, dtype, hint));
      i += run.length;
      if (i < sizes.length) parts.push(this.number(sizes[i++], dtype, hint));
    }
    const list = parts.length === 1 ? parts[0] : this.node("Concat", parts, hint, { axis: 0 });
    return scalar ? this.node("Reshape", [list, this.numbers([], "int64", hint)], hint) : list;
  }

  private numbers(values: readonly number[], dtype: DType, hint: string): string {
    return this.names.add({ dtype, shape: [values.length], data: dataOf(dtype, values) }, hint);
  }

  /** One number, on one axis. */
  private number(s: Size, dtype: DType, hint: string): string {
    if (isPlain(s)) return this.numbers([s], dtype, hint);
    const is = isLength(s) ? "int64" : s.dtype;
    const name = this.once(JSON.stringify(s), () => (isLength(s) ? this.length(s, hint) : this.result(s, hint)));
    return is === dtype ? name : this.once(`${dtype} ${name}`, () => this.node("Cast", [name], hint, { to: dtype }));
  }

  private length({ of, axis }: Length, hint: string): string {
    const shape = this.once(`shape ${of}`, () => this.node("Shape", [of], `${of}.shape`));
    return this.node("Gather", [shape, this.numbers([axis], "int64", hint)], hint, { axis: 0 });
  }

  private result(s: Computed, hint: string): string {
    const inputs = s.args.map((a, i) => this.number(a, s.from[i], hint));
    if (s.op === "Cast") return this.node("Cast", inputs, hint, { to: s.dtype });
    const { fmod } = s.attrs ?? {};
    return this.node(s.op, inputs, hint, fmod ? { fmod: 1 } : {});
  }

  private once(key: string, make: () => string): string {
    const known = this.known.get(key) ?? make();
    this.known.set(key, known);
    return known;
  }

  private node(
    op: string,
    input: readonly string[],
    hint: string,
    attrs: Readonly<Record<string, number | DType>> = {},
  ) {
    const name = this.names.fresh(hint);
    const attribute = Object.entries(attrs).map(([k, a]) =>
      encodeAttribute(k, typeof a === "string" ? dataTypes[a] : a, "int"),
    );
    this.pending.push({ op_type: op, name, input: [...input], output: [name], attribute });
    return name;
  }
}
