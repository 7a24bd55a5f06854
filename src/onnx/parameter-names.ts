/**
 * What the parameter is called that a node reads, where the file stores equal numbers once under the name of another: by the call that
 * dynamo records, or by the module in the node's name.
 */
import { isMadeUp } from "../graph/joined-operands.ts";
import { opOf } from "../graph/ops/index.ts";
import type { FileStep } from "./file-step.ts";
import { inModule, type ModuleCall, moduleCallOf, moduleOf, splitName } from "./node-origin.ts";
import { originsOf } from "./origins.ts";
import type { Parsed } from "./parse.ts";
import type { Held, Reader } from "./stored-readers.ts";

/** What is known of a file's names. */
export interface Names {
  /** The module that a node's name tells; "fc_1" is the second call of "fc", where there is one. */
  readonly moduleOf: (step: FileStep) => string | undefined;
  readonly moduleCallOf: (step: FileStep) => ModuleCall | undefined;
  /** Of what a tensor was computed ahead of time. */
  readonly origins: ReadonlyMap<string, readonly string[]>;
}

export function namesOf(parsed: Parsed): Names {
  const modules = new Map(parsed.steps.map((s) => [s, moduleOf(s)]));
  const all = new Set(modules.values());
  const calls = new Map<FileStep, ModuleCall | undefined>();
  return {
    moduleOf(step) {
      const module = modules.get(step);
      const once = module?.replace(/_\d+$/, "");
      return all.has(once) ? once : module;
    },
    moduleCallOf(step) {
      if (!calls.has(step)) calls.set(step, moduleCallOf(step));
      return calls.get(step);
    },
    origins: originsOf(parsed),
  };
}

/** The name of the parameter that a node read, by what its exporter says of the node; undefined when it says nothing. */
export function parameterRead(held: Held, reader: Reader, names: Names): string | undefined {
  const call = names.moduleCallOf(reader.step);
  const [only, ...more] = names.origins.get(held.name) ?? [held.name];
  const name = more.length > 0 ? held.name : only;
  const leaves = leavesOf(splitName(name).leaf, reader);
  if (call) {
    const leaf =
      leaves.find((l) => call.reads(inModule(call.module, l))) ?? (isScale(held, reader) ? call.only : undefined);
    const found = leaf === undefined ? undefined : inModule(call.module, leaf);
    if (found !== undefined) return found === name ? held.name : found;
    return call.reads(name) && !isStatistic(reader) ? held.name : undefined;
  }
  if (!held.uniform || !mayBeLearned(held, reader)) return undefined;
  const module = names.moduleOf(reader.step);
  if (module === undefined) return undefined;
  const found = inModule(module, leaves[0]);
  if (isMadeUp(held.name) || isStatistic(reader)) return found;
  const stored = splitName(held.name);
  if (module === stored.module && leaves.includes(stored.leaf)) return held.name;
  if (module === "") return undefined;
  return stored.module.startsWith(`${module}.`) ? held.name : found;
}

/** Whether a parameter is joined to data, by whatever name its module has for it. */
const isScale = (held: Held, { step }: Reader): boolean => !!opOf(step.op, step.domain)?.joins && !isMadeUp(held.name);

const isStatistic = ({ step, at }: Reader): boolean => !!opOf(step.op, step.domain)?.statistics?.includes(at);

/** Whether a node may learn a tensor of one number everywhere: what it joins to data may be a factor, without a name it is one. */
export function mayBeLearned({ name, tensor }: Held, reader: Reader): boolean {
  const entry = opOf(reader.step.op, reader.step.domain);
  const joined = !!entry?.joins && tensor.data.length > 1 && !isMadeUp(name);
  return joined || isStatistic(reader) || !!entry?.learns?.includes(reader.at);
}

/** What a parameter may be called that a node reads there, the likeliest first. */
function leavesOf(stored: string, reader: Reader): string[] {
  const { step, at } = reader;
  const entry = opOf(step.op, step.domain);
  if (isStatistic(reader)) return [["running_mean", "running_var"][entry!.statistics!.indexOf(at)]];
  if (!entry?.learns?.includes(at)) return [stored];
  const own = at === 2 ? "bias" : "weight";
  return entry.product ? [stored, own] : [own, stored];
}

/** What a tensor is stored as that is another parameter's; what was computed ahead of time from that parameter is not it. */
export const storedName = (parameter: string, held: Held, { origins }: Names): string =>
  origins.has(held.name) ? `${parameter}/${held.name}` : parameter;
