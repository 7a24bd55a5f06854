/** How an operator beyond the table is said in operators of the table, and what an expansion may ask. */
import { EspalierError } from "../../error.ts";
import type { Builder } from "../../graph/builder.ts";
import type { AttrDef } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { dataOf } from "../tensors.ts";

/** A node to expand: its inputs as values of a builder, its attributes with defaults. */
export interface ExpansionSite {
  /** `com.microsoft.Gelu`, for messages. */
  readonly operator: string;
  readonly node: string;
  readonly opset: number;
  /** As many as the operator has; null = absent. */
  readonly in: readonly (Value | null)[];
  /** A number; 0 where it is absent and has no default. */
  number(attr: string): number;
  text(attr: string): string;
  /** undefined = absent. */
  list(attr: string): readonly number[] | undefined;
  /** Whether anybody reads output `at`. */
  read(at: number): boolean;
}

/** An operator as a few of the table. */
export interface Expansion {
  /** How many inputs must be there, and how many may. */
  readonly inputs: readonly [number, number];
  /** Which of those that must be there may be left out after all. */
  readonly absent?: readonly number[];
  readonly attrs: Readonly<Record<string, AttrDef>>;
  /** Emits it. Returns one value per output; undefined = one that cannot be said so, which is refused where somebody reads it. */
  readonly emit: (g: Builder, site: ExpansionSite) => readonly (Value | undefined)[];
}

/** Refuses a setting or an input by its name. */
export function refuse({ operator, node }: ExpansionSite, what: string): never {
  throw new EspalierError(
    "unsupported",
    `${operator} with ${what} is not supported`,
    { node },
    "save the model before ONNX Runtime's transformer optimizer fuses it, or export it without this setting",
  );
}

/** Refuses inputs of this operator that are there, by their names. */
export function refuseInputs(site: ExpansionSite, names: Readonly<Record<number, string>>): void {
  for (const [at, name] of Object.entries(names)) if (site.in[Number(at)]) refuse(site, `a ${name}`);
}

/** Refuses attributes that are not at their default, by their names. */
export function refuseSettings(site: ExpansionSite, names: readonly string[]): void {
  for (const name of names) if (site.number(name) !== 0) refuse(site, `${name} ${site.number(name)}`);
}

/** A number of the element type of a value. */
export const num = (g: Builder, x: number, { dtype }: Value): Value =>
  g.constant({ dtype, shape: [], data: dataOf(dtype, [x]) });

/** x times a number, which may be 1. */
export const scaledBy = (g: Builder, x: Value, factor: number): Value =>
  factor === 1 ? x : g.Mul(x, num(g, factor, x));

/** A sum of which a term may be absent. */
export const plus = (g: Builder, x: Value, y: Value | null): Value => (y ? g.Add(x, y) : x);
