/** What tuning says while it goes on. */
import { duration, percent, type TuneOptions } from "espalier";
import { tuningCache } from "espalier/node";
import type { Output } from "./output.ts";

/** Options of `tune` for a command: the user's cache, one line in a terminal that is redrawn, a line at the end. */
export function tuningReporter(out: Output): TuneOptions {
  let tried = 0;
  const share = (a: number, b: number): string => percent(1 - a / b, 1);
  return {
    cache: tuningCache(),
    onOther: (tuned) =>
      out.warn(
        `${out.colour.yellow("note:")} the run was tuned for ${tuned.engine}; it is tuned anew, and need not end with the same bytes as one that was left alone`,
      ),
    onTrial({ done, total, known, seconds, trial: { chosen, took, left } }) {
      const shapes = total - 1; // the last trial is of the whole step
      if (done < total) {
        if (!known) tried++;
        if (out.stream.isTTY && tried > 0) out.redraw(`tuning: ${done} of ${shapes} shapes`);
        return;
      }
      const [tuned, usual] = [took["tuned"], took["thresholds"]];
      const gain =
        chosen === "tuned" && tuned && usual ? `${share(tuned, usual)} less time a step` : "no gain, so as without";
      const cost = tried > 0 || !known ? `, in ${duration(seconds)}` : "";
      const rest = left === undefined ? "" : `; no time was left for ${left}`;
      const line = `tuned: ${shapes} shapes, ${tried} of them timed now${cost}; ${gain}${rest}`; // longer than the line before, which it replaces
      if (out.stream.isTTY) out.redraw(`${line}\n`);
      else out.say(line);
    },
  };
}
