/** NaN and infinity among the numbers that a model stores. */
import { EspalierError } from "../error.ts";
import { roles } from "./roles.ts";
import { zerosLike } from "./tensor.ts";
import type { DType, Graph, Tensor, Value } from "./types.ts";

type NotFinite = "NaN" | "Infinity" | undefined;
const ofNumber = (x: number): NotFinite => (Number.isNaN(x) ? "NaN" : Number.isFinite(x) ? undefined : "Infinity");
/** Of the bits of a short float: an exponent of ones alone is infinity, with a fraction it is NaN. */
const ofBits = (exponent: number, fraction: number) => (bits: number) =>
  (bits & exponent) !== exponent ? undefined : (bits & fraction) === 0 ? "Infinity" : "NaN";

/** How a stored number is looked at; other types hold integers. */
const looks: { readonly [T in DType]?: (x: number) => NotFinite } = {
  float32: ofNumber,
  float64: ofNumber,
  float16: ofBits(0x7c00, 0x03ff),
  bfloat16: ofBits(0x7f80, 0x007f),
};

/** What is not finite in a stored tensor. */
interface Found {
  readonly first: number;
  readonly is: "NaN" | "Infinity";
  readonly count: number;
  readonly hasNaN: boolean;
}

function find({ dtype, data }: Tensor): Found | undefined {
  const look = looks[dtype];
  if (!look || (data instanceof Float32Array && allFinite(data))) return undefined;
  const numbers = data as ArrayLike<number>; // a table says that these types hold numbers
  let found: Found | undefined;
  for (let i = 0; i < numbers.length; i++) {
    const is = look(numbers[i]);
    if (is === undefined) continue;
    found = { first: i, is, ...found, count: (found?.count ?? 0) + 1, hasNaN: found?.hasNaN || is === "NaN" };
  }
  return found;
}

/** Nearly every tensor is finite, and a model has millions of numbers. */
function allFinite(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

/** Where a flat index lies: "[2, 0, 1]". */
function place(flat: number, { shape }: Tensor): string {
  const at: number[] = [];
  let rest = flat;
  for (const d of [...shape].reverse()) {
    at.unshift(rest % d);
    rest = Math.floor(rest / d);
  }
  return `[${at.join(", ")}]`;
}

/** The first stored tensor that is wrong, for messages. */
interface WrongTensor {
  readonly is: "NaN" | "Infinity";
  readonly tensor: string;
  readonly at: string;
  /** "2 of its 6 numbers" */
  readonly share: string;
  /** How many other tensors are wrong. */
  readonly others: number;
}

/**
 * The stored numbers of a model that are none: NaN anywhere, infinity in what learns. A constant may be infinite, as masks of
 * attention are.
 */
export function wrongNumbers(graph: Graph): WrongTensor | undefined {
  const found = [...graph.initializers].flatMap(([value, tensor]): [Value, Tensor, Found][] => {
    const wrong = find(tensor);
    return wrong ? [[value, tensor, wrong]] : [];
  });
  if (found.length === 0) return undefined;
  // what a tensor is is asked of its use: its numbers, were they infinite on purpose, are what is in question
  const cleared = new Map([...graph.initializers, ...found.map(([value]) => [value, zerosLike(value)] as const)]);
  const known = roles({ ...graph, initializers: cleared });
  const wrong = found.filter(([value, , { hasNaN }]) => hasNaN || known.get(value)?.learns !== false);
  if (wrong.length === 0) return undefined;
  const [[{ name }, tensor, { first, is, count }], ...others] = wrong;
  const share = `${count} of its ${tensor.data.length} numbers`;
  return { is, tensor: name, at: place(first, tensor), share, others: others.length };
}

/**
 * Requires that a model's stored numbers are such.
 * @throws EspalierError naming the first tensor that holds another, where in it, and how many there are
 */
export function checkWeights(graph: Graph): void {
  const wrong = wrongNumbers(graph);
  if (!wrong) return;
  const { is, tensor, at, share, others } = wrong;
  throw new EspalierError(
    "not-finite",
    `the model itself holds ${is}`,
    { tensor, at, "not finite": share, "other tensors": others || undefined },
    "its training had diverged, or the file is damaged: take an earlier one, or export it again",
  );
}
