/** What ONNX Runtime's profiler wrote of a session → what each kernel took, and how much it computed and moved. */
import { size } from "../src/graph/tensor.ts";
import type { Shape } from "../src/graph/types.ts";
import { median } from "../src/math/statistics.ts";

/** Type and shape of each operand: [{ float: [128, 10] }, …]. */
type Operands = readonly Readonly<Record<string, Shape>>[];

/** One event of the profiler's file; times are microseconds. */
export interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: Operands;
    readonly output_type_shape?: Operands;
  };
}

/** One node of the graph as the runtime ran it. */
export interface Kernel {
  /** The node's name; one that the runtime fused has the name of a node that it was, and more behind it. */
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
  /** By median over the runs; without what the kernels of its own subgraphs took. */
  readonly ms: number;
  /** Bytes of its inputs and outputs. */
  readonly bytes: number;
}

const RUN = "model_run";
const KERNEL = /_kernel_time$/;
/** What the runtime puts before the names of some that it fused. */
const FUSED = /^fused /;

/**
 * The kernels of a profile.
 * @param skip runs at the beginning that do not count
 * @throws Error when nothing else ran
 */
export function kernelsOf(events: readonly ProfileEvent[], skip: number): Kernel[] {
  const runs = events.filter(({ cat, name }) => cat === "Session" && name === RUN).sort((a, b) => a.ts - b.ts);
  const counted = runs.slice(skip);
  if (counted.length === 0) throw new Error(`the profile has ${runs.length} runs, of which ${skip} do not count`);
  const found = new Map<string, { readonly event: ProfileEvent; readonly us: number[] }>();
  const own = withoutInner(events.filter(({ cat, name }) => cat === "Node" && KERNEL.test(name)));
  for (const [event, us] of own) {
    const run = counted.findIndex(({ ts, dur }) => event.ts >= ts && event.ts <= ts + dur);
    if (run < 0) continue;
    const known = found.get(event.name) ?? { event, us: counted.map(() => 0) };
    known.us[run] += us;
    found.set(event.name, known);
  }
  return [...found.values()].map(({ event, us }) => kernelOf(event, median(us) / 1000));
}

/** Microseconds of each event without those of the events inside it, as the kernel of a loop has its body's. */
function withoutInner(events: readonly ProfileEvent[]): Map<ProfileEvent, number> {
  const own = new Map<ProfileEvent, number>();
  const open: ProfileEvent[] = [];
  for (const event of events.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    while (open.length > 0 && open.at(-1)!.ts + open.at(-1)!.dur < event.ts + event.dur) open.pop();
    const outer = open.at(-1);
    if (outer && outer.ts + outer.dur > event.ts) own.set(outer, own.get(outer)! - event.dur);
    own.set(event, event.dur);
    open.push(event);
  }
  return own;
}

function kernelOf({ name, args }: ProfileEvent, ms: number): Kernel {
  const [inputs, outputs] = [args.input_type_shape ?? [], args.output_type_shape ?? []];
  const shapes = (operands: Operands) => operands.flatMap((o) => Object.values(o));
  const bytes = [...inputs, ...outputs].flatMap((o) => Object.entries(o)).map(([type, s]) => WIDTH[type] * size(s));
  return {
    ...{
      name: name.replace(KERNEL, "").replace(FUSED, ""),
      op: args.op_name ?? "?",
      inputs: shapes(inputs),
      outputs: shapes(outputs),
      ms,
    },
    bytes: bytes.reduce((sum, b) => sum + (b || 0), 0),
  };
}

/** Bytes of an element, by the runtime's names of types; what is not here does not count. */
const WIDTH: Readonly<Record<string, number>> = {
  ...{ float: 4, double: 8, float16: 2, bfloat16: 2, bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2 },
  ...{ int32: 4, uint32: 4, int64: 8, uint64: 8 },
};

type Count = (kernel: Kernel) => number;
const convolution: Count = ({ inputs: [, w], outputs: [y] }) => size(y) * size(w.slice(1));
/** Of two matrices of which either may be turned round: Y has as many rows as A has rows or columns. */
const product: Count = ({ inputs: [a], outputs: [y] }) => {
  const rows = a.length > 1 ? (y.at(-2) ?? 1) : 1;
  return (size(y) * size(a.slice(-2))) / rows;
};
const recurrent: Count = ({ inputs: [x, w, r] }) => x[0] * x[1] * (size(w) + size(r));

/** Multiply–accumulates by the runtime's operators. */
const MACS: Readonly<Record<string, Count>> = {
  Conv: convolution,
  FusedConv: convolution,
  ConvTranspose: ({ inputs: [x, w] }) => size(x) * size(w.slice(1)),
  MatMul: product,
  FusedMatMul: product,
  TransposeMatMul: product,
  Gemm: product,
  FusedGemm: product,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
};

/** Floating-point operations of a kernel that is a product; undefined for others. */
export function flopsOf(kernel: Kernel): number | undefined {
  const counts = Object.hasOwn(MACS, kernel.op) && kernel.inputs.length > 1; // weights packed beforehand are not told
  return counts ? 2 * MACS[kernel.op](kernel) : undefined;
}

/**
 * Whether a convolution has one channel of X for each of its kernels although X has several: between groups nothing is multiplied, and what
 * looks like a product lays out windows.
 */
export const isByChannel = ({ op, inputs: [x, w] }: Kernel): boolean =>
  MACS[op] === convolution && w?.[1] === 1 && x[1] > 1;

/** Bytes that a kernel moves which lays out: of what a slice is taken of, only the slice is read. */
export const movedBytes = ({ outputs }: Kernel): number => outputs.reduce((sum, s) => sum + 8 * size(s), 0);
