/** All that is asked of one exported file, each on its own: what fails is said, and nothing is hidden behind what failed before. */
import type { Engine } from "../../src/engine/engine.ts";
import type { Model } from "../../src/graph/types.ts";
import { read } from "../../src/onnx/read.ts";
import { encode, write } from "../../src/onnx/write.ts";
import { parameters } from "../../src/step/parameters.ts";
import { frozen } from "../../src/train/freeze.ts";
import { type Exported, oneSample, samples } from "./fixture.ts";
import { gradientError } from "./gradients.ts";
import { type Cut, cutAtRandom, removableShare } from "./groups.ts";
import { feedsFor, floatsOf, graphFor, relativeError, run, Wrong } from "./numbers.ts";
import { trains } from "./trains.ts";

/** What is asked, in this order. */
export const ASKED = [
  "read",
  "outputs",
  "batch",
  "written",
  "parameters",
  "gradients",
  "groups",
  "cut",
  "trains",
] as const;
type Asked = (typeof ASKED)[number];

/** What came of it. */
export interface Checked {
  readonly model: string;
  readonly way: string;
  /** Why a question was answered with no; absent ones were answered with yes. */
  readonly failed: Readonly<Partial<Record<Asked, string>>>;
  /** Error of outputs and of gradients; share of parameters in removable groups. */
  readonly outputs?: number;
  readonly gradients?: number;
  readonly groups?: number;
  readonly cut?: Cut;
}

/** Shares of parameters (tables relativeError) that must be in removable groups. */
const SHARES = { convolutional: 0.99, transformer: 0.95, recurrent: 0.95 } as const;

/** One line of what went wrong. */
const lineOf = (e: unknown): string => {
  if (!(e instanceof Error)) throw e;
  return e.message
    .split("\n")
    .map((s) => s.trim())
    .filter(Boolean)
    .slice(0, 2)
    .join("; ")
    .slice(0, 240);
};

async function outputError(engine: Engine, model: Model, file: Exported): Promise<number> {
  const bytes = write(model);
  let worst = 0;
  for (const at of [0, 1]) {
    const inputs = samples(file.animal).map((x) => oneSample(x, at));
    const got = await run(engine, bytes, feedsFor(model, inputs));
    worst = Math.max(worst, ...errors(model, file, got, at));
  }
  if (!(worst <= 1e-4)) throw new Wrong(`outputs are ${worst.toPrecision(2)} off`);
  return worst;
}

/** Of every output. @param at the sample; undefined: all of them at once */
function errors(
  model: Model,
  { animal }: Exported,
  got: Readonly<Record<string, { data: unknown }>>,
  at?: number,
): number[] {
  if (model.graph.outputs.length !== animal.outputs.length)
    throw new Wrong(`there are ${model.graph.outputs.length} outputs, not ${animal.outputs.length}`);
  return animal.outputs.map(({ data, shape: [n] }, i) => {
    const each = data.length / n;
    const wanted = at === undefined ? data : data.slice(at * each, (at + 1) * each);
    const have = floatsOf(got[model.graph.outputs[i].name]);
    if (have.length !== wanted.length)
      throw new Wrong(`output ${i + 1} has ${have.length} numbers, not ${wanted.length}`);
    return relativeError(wanted, have);
  });
}

/** Two samples in one run, which training needs: a file for one sample is made one for many on reading. */
async function batchError(engine: Engine, model: Model, file: Exported): Promise<void> {
  const inputs = samples(file.animal);
  const got = await run(engine, encode(graphFor(model, inputs)), feedsFor(model, inputs));
  const worst = Math.max(...errors(model, file, got));
  if (!(worst <= 1e-4)) throw new Wrong(`outputs of two samples are ${worst.toPrecision(2)} off`);
}

function sameAgain(model: Model): void {
  const once = write(model);
  const twice = write(read(once));
  if (once.length !== twice.length || once.some((b, i) => b !== twice[i]))
    throw new Wrong("written again it is another file");
}

/** Tensors that may be trained or not: PyTorch does not, or they are looked up in a table that does. */
const either = (key: string | undefined): boolean => /\((not trained|looked up)\)/.test(key ?? "");

/** Trained are PyTorch's parameters, each in one place, and nothing else. */
function sameParameters({ parameters: known, missing }: Exported, trained: readonly string[]): void {
  const more = trained.filter((name) => !(name in known));
  if (more.length > 0) throw new Wrong(`trained though a constant: ${some(more)}`);
  const held = new Set(trained.map((name) => parameterOf(known[name])));
  const less = Object.keys(known).filter((name) => !held.has(parameterOf(known[name])) && !either(known[name]));
  if (less.length > 0) throw new Wrong(`not trained: ${some(less.map((n) => `${n} (${known[n]})`))}`);
  const places = new Map<string, string>();
  for (const name of trained) {
    const of = parameterOf(known[name]);
    if (places.has(of)) throw new Wrong(`${of} is trained twice, as ${places.get(of)} and as ${name}`);
    places.set(of, name);
  }
  if (missing.length > 0) throw new Wrong(`the file holds no ${some(missing)}`);
}

/** The parameter that a key of gradients is of. */
const parameterOf = (key: string): string => key.replace(/ transposed| times .*/g, "");

const some = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;

/** Asks everything of one file. @param training whether it is trained too, which takes a while */
export async function checkFile(engine: Engine, file: Exported, training = true): Promise<Checked> {
  const failed: Partial<Record<Asked, string>> = {};
  const found: { outputs?: number; gradients?: number; groups?: number; cut?: Cut } = {};
  const ask = async (what: Asked, question: () => unknown) => {
    try {
      await question();
    } catch (e) {
      failed[what] = lineOf(e);
    }
  };
  let model: Model | undefined;
  await ask("read", () => {
    model = read(file.bytes);
  });
  if (model) await askModel(engine, file, model, ask, found);
  if (model && training) await ask("trains", () => trains(engine, model!, file));
  return { model: file.animal.name, way: file.way, failed, ...found };
}

async function askModel(
  engine: Engine,
  file: Exported,
  model: Model,
  ask: (what: Asked, question: () => unknown) => Promise<void>,
  found: { outputs?: number; gradients?: number; groups?: number; cut?: Cut },
): Promise<void> {
  const stays = frozen(model, {});
  const trained = parameters(model.graph)
    .trained.map((v) => v.name)
    .filter((name) => !stays.has(name));
  const constants = new Set(stays.keys());
  await ask("outputs", async () => {
    found.outputs = await outputError(engine, model, file);
  });
  await ask("batch", () => batchError(engine, model, file));
  await ask("written", () => sameAgain(model));
  await ask("parameters", () => sameParameters(file, trained));
  await ask("gradients", async () => {
    found.gradients = await gradientError(engine, model, file, trained);
  });
  await ask("groups", () => {
    found.groups = removableShare(model.graph, constants, trained);
    const wanted = SHARES[file.animal.family];
    if (found.groups < wanted)
      throw new Wrong(`${(100 * found.groups).toFixed(1)} % of the parameters are in removable groups`);
  });
  await ask("cut", async () => {
    found.cut = await cutAtRandom(engine, model, file, constants);
  });
}
