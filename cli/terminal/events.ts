/** What the library's pipeline tells on its way, in the words of the command line. */
import { duration, type FinishEvent, percent, significant, type TargetEvent, visible } from "espalier";
import type { Output } from "./output.ts";
import { typed } from "./spelling.ts";

type Event = FinishEvent | TargetEvent;
type Of<T extends Event["type"]> = Extract<Event, { type: T }>;
/** What is said of each; nothing where a command has said it, or will. */
type Speech = { readonly [T in Event["type"]]?: (event: Of<T>, out: Output) => void };

const note = (out: Output, text: string) => out.warn(`${out.colour.yellow("note:")} ${text}`);
const dim = (out: Output, text: string) => out.say(out.colour.dim(text));
const score = (accuracy: number | null, before: string) => (accuracy === null ? "" : `${before} ${percent(accuracy)}`);

const choosing = {
  reduction: ({ count, step }, out) => {
    if (count % 25 === 0)
      dim(out, `  ${count} reductions, ${visible(step.weight)} to ${step.rank}: ${percent(step.accuracy)}`);
  },
  searched: ({ search: { steps, reference, accuracy }, split }, out) =>
    out.say(
      `chose ranks by ${steps.length} reductions: ${split} accuracy ${percent(reference)} → ${percent(accuracy)}`,
    ),
  fineTuned: ({ metrics: m, epochs }, out) =>
    dim(
      out,
      `  fine-tuning epoch ${m.epoch}/${epochs}: loss ${m.loss.toFixed(4)}${score(m.testAccuracy, ", test accuracy")}`,
    ),
} satisfies Speech;

const nothingSplit = ({ rule, composed }: Of<"nothingSplit">): string => {
  if (rule === "prox") return "no layer gets smaller at the ranks that are left. Try a larger --lambda.";
  const smaller = rule === "iterative" ? "Allow a larger --rank-tolerance" : "Use a smaller --rank-keep";
  const lower = composed ? ", or train to a lower rank with a larger --weight-decay" : "";
  return `no layer gets smaller at these ranks, so all stay as they are. ${smaller}${lower}.`;
};

const finishing = {
  ...choosing,
  shortfall: ({ words }, out) => note(out, typed(words)),
  collapsed: ({ words, collapse }, out) => note(out, `${visible(words)}. To change it, ${typed(collapse.fix)}.`),
  ranksNotReached: (_, out) =>
    note(
      out,
      "the weights are not exactly of the ranks that the penalty kept, so no layer was split: the average of the optimizer " +
        "still trails behind. Train more epochs after c = 1.",
    ),
  composedBack: ({ maxRel }, out) => dim(out, `composed back: ${significant(maxRel)} relative difference`),
  leftAlone: ({ weight, why }, out) => dim(out, `  ${visible(weight)} is left alone: it ${why}`),
  choosing: ({ rule, saved }, out) =>
    dim(out, saved ? "going on with the ranks that were chosen" : `choosing ranks, ${rule} …`),
  nothingSplit: (event, out) => note(out, nothingSplit(event)),
  shrinking: (_, out) => dim(out, "shrinking and verifying …"),
  measuring: (_, out) => dim(out, "measuring …"),
} satisfies Speech;

const searching = {
  trial: ({ count, of, lambda, secondsLeft }, out) =>
    out.say(
      `\ntrial ${count} of ${of}: lambda ${lambda.toPrecision(4)}${secondsLeft === undefined ? "" : out.colour.dim(`, at most ${duration(secondsLeft)} left`)}`,
    ),
  diverged: ({ lambda, error }, out) =>
    out.warn(`lambda ${lambda.toPrecision(4)}: ${typed(error.what)}; going on with a smaller one`),
  kept: ({ lambda, kept, accuracy, guessing }, out) =>
    out.say(
      `lambda ${lambda.toPrecision(4)} keeps ${percent(kept, 1)} of the parameters${accuracy === null ? "" : ` with ${percent(accuracy)} test accuracy${guessing ? ", which is that of guessing" : ""}`}`,
    ),
  chosen: ({ lambda, kept, far, target }, out) => {
    out.say(`\nchose lambda ${lambda.toPrecision(4)}, which keeps ${percent(kept, 1)} of the parameters`);
    if (far)
      note(
        out,
        `no trial came near ${percent(target, 1)}. A longer run (--epochs) follows lambda ` +
          "more smoothly, as does a smaller --lr at its end (--milestones).",
      );
  },
} satisfies Speech;

/** A listener that says what these words are for. */
const telling =
  (speech: Speech) =>
  (out: Output) =>
  <T extends Event["type"]>(event: Of<T>): void =>
    (speech[event.type] as ((event: Of<T>, out: Output) => void) | undefined)?.(event, out);

/** While ranks are chosen and a truncated model is trained on. */
export const sayChoosing = telling(choosing);
/** While a run is finished. */
export const sayFinishing = telling(finishing);
/** While a lambda is searched for. */
export const saySearching = telling(searching);
