/**
 * A file whose Ifs, Loops, Scans and sequences are written out as far as what they depend on is known at any sizes: constant, or computed
 * from shapes that come to the same. The rest stay what they are, where the file says what they make.
 */
import { EspalierError } from "../../error.ts";
import type { FileStep } from "../file-step.ts";
import { atOneLength, type Free, nothingFree, waysToBind, waysToName } from "../free-sizes.ts";
import type { Parsed } from "../parse.ts";
import { storedNumbers } from "../stored-numbers.ts";
import { type Binding, trace } from "../trace.ts";
import { withSteps } from "../with-steps.ts";
import { Place } from "./place.ts";
import { isForm, unrolled } from "./unrolled.ts";

/** What a walk through a file came to. */
interface Walk {
  readonly steps: readonly FileStep[];
  readonly place: Place;
}

function walk(parsed: Parsed, binding: Binding): Walk {
  let place: Place | undefined;
  const { steps } = trace(parsed, binding, undefined, (values) => {
    place = new Place(parsed.source, values);
    return unrolled(parsed.steps, place);
  });
  return { steps: [...new Set(steps.map((s) => s.from))], place: place! };
}

/** The ways to bind sizes that reading tries too, in its order. */
function* ways(parsed: Parsed): Generator<readonly Binding[]> {
  const dynamic = [...parsed.inputs.values()].some(({ dims }) => dims.some((d) => typeof d === "string"));
  if (!dynamic) return yield [{ axes: nothingFree(parsed).axes, sizes: new Map(), batch: 1 }];
  const named = waysToName(parsed);
  const all: readonly Free[] =
    named[0].others.length > 0 ? [...named, ...atOneLength(named[0], storedNumbers(parsed))] : named;
  for (const free of all) yield* waysToBind(free);
}

/** Every node is what it is at the first sizes. @throws EspalierError where one is not */
function checkSame([first, ...others]: readonly Walk[]): void {
  for (const { steps, place } of others) {
    const at = first.place.resolved.findIndex(({ how }, i) => how !== place.resolved[i]?.how);
    const differs = steps.length !== first.steps.length || steps.some((s, i) => !isSame(s, first.steps[i]));
    if (at < 0 && !differs) continue;
    const { op = "a sequence", node, how } = first.place.resolved[at] ?? {};
    throw new EspalierError(
      "unsupported",
      `what ${op} does depends on the sizes of the inputs`,
      { node, got: how && `${how}; ${place.resolved[at]?.how ?? "another node"}` },
      "export the model with fixed sizes on all axes but the batch",
    );
  }
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

function isSame(a: FileStep, b: FileStep): boolean {
  if (a === b) return true;
  const [x, y] = [a.proto.attribute ?? [], b.proto.attribute ?? []];
  const wired = a.op === b.op && sameNames(a.inputs, b.inputs) && sameNames(a.outputs, b.outputs);
  return wired && x.length === y.length && x.every((bytes, i) => bytes === y[i] || sameBytes(bytes, y[i]));
}

function writtenOut(parsed: Parsed, walks: readonly Walk[]): Parsed {
  checkSame(walks);
  const [{ steps, place }] = walks;
  const sequence = parsed.outputs.find((name) => place.sequences.has(name));
  if (sequence !== undefined)
    throw new EspalierError(
      "unsupported",
      "an output of the model is a sequence",
      { output: sequence },
      "export the model so that its outputs are tensors",
    );
  const stored = new Map([...parsed.initializers, ...place.stored]);
  return { ...withSteps(parsed, steps, stored), resolved: place.resolved };
}

/**
 * The file with its forms written out where that can be.
 * @throws EspalierError where it cannot be, and the file does not say of what types the outputs of a form are
 */
export function withoutForms(parsed: Parsed): Parsed {
  const forms = parsed.steps.filter(isForm);
  if (forms.length === 0) return parsed;
  let wrong: EspalierError | undefined;
  for (const bindings of ways(parsed))
    try {
      return writtenOut(
        parsed,
        bindings.map((b) => walk(parsed, b)),
      );
    } catch (e) {
      if (!(e instanceof EspalierError)) throw e;
      if (!wrong || wrong.code === "mismatch") wrong = e;
    }
  const declared = forms.every((s) => s.outputs.every((o) => !o || parsed.declared.get(o)?.dims));
  if (declared || !wrong) return parsed;
  throw wrong;
}
