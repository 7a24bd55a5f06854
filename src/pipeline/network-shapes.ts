/** Shapes of a network's values for a reader: lengths that follow a free size are said by its name. */
import { EspalierError } from "../error.ts";
import { batchSymbol, bind, sizesOf } from "../graph/bind.ts";
import type { Graph, Model } from "../graph/types.ts";

/** Shapes in words. */
export interface NamedShapes {
  /** "batch×64×height/2×7"; a length that follows a size in no plain way is "f(height)". */
  of(value: { readonly name: string; readonly shape: readonly number[] }): string;
  /** Why a size is not named. */
  readonly notes: readonly string[];
}

/** A free size at two numbers, and how long every value's axes are at the second. */
interface Other {
  readonly symbol: string;
  readonly at: readonly [number, number];
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** Looks at a model at one more number of each free size, beside those at which `of` is given values: batch 1, and the model's own. */
export function namedShapes(model: Model): NamedShapes {
  const batch = batchSymbol(model);
  const first = new Map([...sizesOf(model)].map(([s, n]) => [s, s === batch ? 1 : n]));
  const notes: string[] = [];
  const others = [...first].flatMap(([symbol, n]): Other[] => {
    const second = model.sizes?.tried.map((t) => t.get(symbol)).find((k) => k !== undefined && k !== n) ?? 2 * n;
    try {
      return [
        { symbol, at: [n, second], shapes: shapesOf(bind(model, { ...Object.fromEntries(first), [symbol]: second })) },
      ];
    } catch (e) {
      if (!(e instanceof EspalierError)) throw e;
      notes.push(`lengths that follow ${symbol} are those at ${n}: at ${second} ${e.what}`);
      return [];
    }
  });
  return {
    notes,
    of: ({ name, shape }) =>
      shape
        .map((n, axis) =>
          lengthText(
            n,
            others.map((o) => ({ ...o, length: o.shapes.get(name)?.[axis] ?? n })),
          ),
        )
        .join("×") || "scalar",
  };
}

const shapesOf = ({ inputs, nodes }: Graph): Map<string, readonly number[]> =>
  new Map([...inputs, ...nodes.flatMap((n) => n.outputs)].flatMap((v) => (v ? [[v.name, v.shape] as const] : [])));

/** @param others how long the axis is where one of the sizes is another */
function lengthText(n: number, others: readonly (Other & { readonly length: number })[]): string {
  const by = others.filter((o) => o.length !== n);
  if (by.length === 0) return String(n);
  const names = by.map((o) => o.symbol);
  const inProportion = by.every(({ at: [a, b], length }) => length * a === n * b);
  if (inProportion)
    return multiple(
      n,
      by.reduce((k, { at }) => k * at[0], 1),
      names.join("·"),
    );
  const [{ at, length }] = by;
  const slope = (length - n) / (at[1] - at[0]);
  const rest = n - slope * at[0];
  if (by.length > 1 || !Number.isSafeInteger(slope) || slope < 1) return `f(${names.join(", ")})`;
  return `${multiple(slope, 1, names[0])}${rest < 0 ? "−" : "+"}${Math.abs(rest)}`;
}

/** p/q of what a name stands for: "2·height", "height/2", "3·height/2". */
function multiple(p: number, q: number, name: string): string {
  const d = greatestDivisor(p, q);
  return `${p === d ? "" : `${p / d}·`}${name}${q === d ? "" : `/${q / d}`}`;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
