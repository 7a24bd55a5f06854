/** Who reads each stored tensor of a file: directly, or under another name that an Identity gives it. */
import { opOf } from "../graph/ops/index.ts";
import { isFloat } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import type { FileStep } from "./file-step.ts";
import type { Parsed } from "./parse.ts";

/** A node that reads a tensor, at one of its operands. */
export interface Reader {
  readonly step: FileStep;
  readonly at: number;
}

/** Another name of a stored tensor. */
export interface Alias {
  readonly name: string;
  /** The Identity that gives it. */
  readonly by: FileStep;
  readonly readers: Reader[];
}

export interface Held {
  readonly name: string;
  readonly tensor: Tensor;
  /** One number everywhere: what a layer begins with, and a hundred others too. */
  readonly uniform: boolean;
  readonly readers: Reader[];
  readonly aliases: Alias[];
}

/** A value that is a stored tensor. */
export interface Holds {
  readonly held: Held;
  readonly alias: Alias | undefined;
}

/**
 * All values that are stored tensors of floats; those that a caller may replace are not among them. The name of a value in
 * between ("/Identity_output_0") is no alias.
 */
export function storedReaders({ graph, initializers, outputs, steps }: Parsed): ReadonlyMap<string, Holds> {
  const replaceable = new Set(graph.input?.map((v) => v.name ?? ""));
  const given = new Set(outputs);
  const values = new Map<string, Holds>();
  for (const [name, tensor] of initializers)
    if (isFloat(tensor.dtype) && !replaceable.has(name))
      values.set(name, {
        held: { name, tensor, uniform: isUniform(tensor), readers: [], aliases: [] },
        alias: undefined,
      });
  for (const step of steps)
    for (const [at, name] of step.inputs.entries()) {
      const known = values.get(name);
      if (!known) continue;
      const [other] = step.outputs;
      if (isIdentity(step, known.held.tensor) && other && !given.has(other))
        values.set(other, other.startsWith("/") ? known : renamed(known, other, step));
      else (known.alias ?? known.held).readers.push({ step, at });
    }
  return values;
}

function renamed({ held }: Holds, name: string, by: FileStep): Holds {
  const alias: Alias = { name, by, readers: [] };
  held.aliases.push(alias);
  return { held, alias };
}

function isIdentity({ op, domain, attrs }: FileStep, tensor: Tensor): boolean {
  const order = opOf(op, domain)?.permutes?.(tensor, attrs as never);
  return !!order && order.every((axis, i) => axis === i);
}

function isUniform({ data }: Tensor): boolean {
  const [first] = data;
  for (const x of data) if (!Object.is(x, first)) return false;
  return true;
}
