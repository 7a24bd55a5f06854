/** What a step graph is made for, as plain data: it can be recorded, sent and compared. */
import type { Engine } from "../engine/engine.ts";
import { foreign } from "../graph/ops/foreign.ts";
import { type OpName, ops } from "../graph/ops/index.ts";
import type { Node } from "../graph/types.ts";

/** Where one formulation overtakes another. Measured on one machine; a tuner knows better. */
export interface Thresholds {
  /** Most positions of X, and of Y, for the input's gradient by rows. */
  readonly inputRows: number;
  /** Most positions of X per position of Y for the input's gradient by a flipped Conv. */
  readonly flippedGrowth: number;
  /** Fewest channels for the weight's gradient by rows or by halves. */
  readonly productChannels: number;
  /** Most positions of Y for the weight's gradient by rows. */
  readonly weightRows: number;
  /** Most positions of Y for Y by rows. */
  readonly outputRows: number;
  /** Fewest channels of X, and of Y, for Y by rows. */
  readonly rowChannels: number;
  /** Most channels of Y for the weight's gradient by a tall product. */
  readonly tallChannels: number;
  /** Fewest positions for dot products of channels by a convolution. */
  readonly dotPositions: number;
  /** Longest side of the 0/1 matrices that spread windows. */
  readonly tileSide: number;
  /** Most elements of the 0/1 matrix that puts back what was gathered. */
  readonly indexMatrix: number;
  /** Elements that are laid out at a time for the weight's gradient by samples, for each thread. */
  readonly laidOut: number;
  /** Elements of a piece of a chain, for each thread. */
  readonly pieceElements: number;
  /** Fewest elements of a chain's largest tensor to take it in pieces. */
  readonly pieced: number;
}

/** An operator that runs only up to a rank of its first input. */
interface Limit {
  readonly op: string;
  readonly rank: number;
  /** Only convolutions in several groups are limited. */
  readonly grouped?: true;
}

export interface Target {
  /** "cpu", "webgpu", "cuda"; "any" for the portable target. */
  readonly device: string;
  /** The operators there, by domain. */
  readonly operators: Readonly<Record<string, readonly string[]>>;
  /** What of these operators does not run there. */
  readonly limits?: readonly Limit[];
  /** Channels of a block of `com.microsoft.nchwc`; undefined = not known, so none are used. It must be probed (`blockOf`). */
  readonly block?: number;
  readonly threads?: number;
  /** Undefined = nothing was measured, and the plain formulations stay. */
  readonly thresholds?: Thresholds;
}

const standard = Object.keys(ops);

/** Standard operators, and of every formulation the plain one. */
export const portable: Target = { device: "any", operators: { "": standard } };

/** onnxruntime-node 1.30, batch 128, on AVX2 (AMD EPYC, Zen 3) and AVX-512 (Intel Xeon, Sapphire Rapids). Each formulation says what was compared. */
const cpu: Thresholds = {
  inputRows: 16,
  flippedGrowth: 1.5,
  productChannels: 8,
  weightRows: 256,
  outputRows: 16,
  rowChannels: 32,
  tallChannels: 128,
  dotPositions: 256,
  tileSide: 512,
  indexMatrix: 1 << 20,
  laidOut: 1 << 19,
  pieceElements: 1 << 18,
  pieced: 1 << 20,
};

/**
 * What is other with blocks of a size. 8, as AVX2 has them: there a tall product for the weight's gradient never paid. By rows it took 0.88
 * to 0.93 of the processor time by samples and 0.65 to 0.89 as a whole, at 16 channels and 32×32, 32 and 16×16, 64 and 8×8; a step of
 * LeNet-5 0.93, of ResNet-20 0.94, of the six-layer CNN 0.96 (AMD EPYC, Zen 4, with the kernels of AVX2, batch 128, one thread). With
 * 16 it depends on the machine: tall takes 0.76 to 0.88 of rows on Sapphire Rapids, 1.1 to 1.2 on Zen 4; tuning finds which.
 */
const byBlock: Readonly<Record<number, Partial<Thresholds>>> = { 8: { tallChannels: 0 } };

/** A target whose processor's blocks are known. @param block undefined = there are none */
export function withBlock(target: Target, block: number | undefined): Target {
  if (block === undefined) return target;
  const { thresholds } = target;
  return { ...target, block, ...(thresholds && { thresholds: { ...thresholds, ...byBlock[block] } }) };
}

/** What ONNX Runtime 1.30 takes back to the CPU, with copies both ways, or refuses at run time. */
const notOnWebGpu: ReadonlySet<string> = new Set<OpName>([
  "ConstantOfShape",
  "Dropout",
  "LogSoftmax",
  "Mean",
  "Mod",
  "OneHot",
  "Round",
  "Shape",
  "Sign",
  "Size",
  "SpaceToDepth",
  "Sum",
]);

/** All operators of the standard and of further domains. */
const everything = (domains: readonly (keyof typeof foreign)[]) =>
  Object.fromEntries([["", standard], ...domains.map((d) => [d, Object.keys(foreign[d])])]);

const devices: Readonly<Record<string, Omit<Target, "device" | "threads">>> = {
  cpu: { operators: everything(["com.microsoft", "com.microsoft.nchwc"]), thresholds: cpu },
  webgpu: {
    operators: { "": standard.filter((op) => !notOnWebGpu.has(op)) },
    limits: [
      { op: "ConvTranspose", rank: 4 },
      { op: "Conv", rank: 4, grouped: true },
    ],
  },
  cuda: { operators: everything(["com.microsoft"]) },
};

/** The target that an engine is. Of a device that nobody has measured: the portable one, with its name. */
export function targetOf({ device, threads }: Pick<Engine, "device" | "threads">): Target {
  return { ...(devices[device] ?? portable), device, threads };
}

/** Whether a target has an operator. */
export const targetHas = (target: Target, op: string, domain = ""): boolean =>
  target.operators[domain]?.includes(op) ?? false;

/** Whether a target runs a node. */
export function targetRuns(target: Target, { op, domain, inputs, attrs }: Node): boolean {
  const stands = (limit: Limit) => limit.op === op && (!limit.grouped || Number(attrs.group ?? 1) > 1);
  const rank = inputs[0]?.shape.length ?? 0;
  return targetHas(target, op, domain) && !target.limits?.some((limit) => stands(limit) && rank > limit.rank);
}
