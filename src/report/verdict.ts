/** What a comparison comes to, in a few sentences: which methods no other beats, and which is the smallest that is as good as the best. */
import { mean } from "../math/statistics.ts";
import { type Comparison, isScored } from "./comparison.ts";
import { percent, significant } from "./format.ts";

interface Standing {
  readonly method: string;
  readonly runs: number;
  /** Accuracy, or the negative test loss: more is better. */
  readonly quality: number;
  readonly params: number;
  readonly macs: number;
}

/** Accuracy that does not count as lost beside the best. */
const AS_GOOD = 0.01;

function standings({ methods, runs }: Pick<Comparison, "methods" | "runs">): Standing[] {
  return methods.flatMap((method) => {
    const done = runs.flatMap((r) => (r.method === method && r.summary ? [r.summary] : []));
    if (done.length === 0) return [];
    const share = (key: "params" | "macs") => mean(done.map((s) => s[key].after / s[key].before));
    const quality = mean(done.map((s) => s.smallAccuracy ?? -s.smallLoss));
    return [{ method, runs: done.length, quality, params: share("params"), macs: share("macs") }];
  });
}

/** True when a is nowhere worse than b, and somewhere better. */
const beats = (a: Standing, b: Standing): boolean =>
  a.quality >= b.quality &&
  a.params <= b.params &&
  a.macs <= b.macs &&
  (a.quality > b.quality || a.params < b.params || a.macs < b.macs);

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;

/** The sentences, over the runs that finished; none before two methods have one. */
export function verdict(comparison: Pick<Comparison, "methods" | "runs" | "seeds">): readonly string[] {
  const all = standings(comparison);
  if (all.length < 2) return [];
  const scored = isScored(comparison);
  const shown = (s: Standing) => (scored ? percent(s.quality) : `loss ${significant(-s.quality)}`);
  const sized = (s: Standing) =>
    `${percent(s.params, 1)} of the parameters, ${percent(s.macs, 1)} of the multiply-adds`;
  const front = all.filter((s) => !all.some((other) => beats(other, s))).sort((a, b) => b.params - a.params);
  const best = all.reduce((a, b) => (b.quality > a.quality ? b : a));
  const asGood = all.filter((s) => scored && s.quality >= best.quality - AS_GOOD);
  const smallest = asGood.reduce((a, b) => (b.params < a.params ? b : a), best);
  const beaten = all.filter((s) => !front.includes(s)).map(({ method }) => method);
  const first =
    scored && smallest !== best
      ? `${smallest.method} is the smallest within one point of the best accuracy: ${shown(smallest)} with ${sized(smallest)}; the best, ${best.method}, has ${shown(best)} with ${sized(best)}.`
      : `${best.method} is the best with ${shown(best)} and ${sized(best)}${scored ? "; no smaller one is within one point of it" : ""}.`;
  return [
    first,
    `Pareto front of ${scored ? "accuracy" : "test loss"} against parameters and multiply-adds: ${front.map((s) => `${s.method} (${shown(s)}, ${sized(s)})`).join("; ")}.${beaten.length ? ` Beaten by one of them in everything: ${listed(beaten)}.` : ""}`,
    ...(all.some(({ runs }) => runs < 2) ? ["One seed says little about a difference: give several."] : []),
  ];
}
