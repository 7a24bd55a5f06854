/** What tuning says while it goes on. */
import type { TuneOptions } from "espalier";
import { tuningCache } from "espalier/node";
import type { Output } from "./output.ts";

/** Options of `tune` for a command: the user's cache, one line in a terminal that is redrawn, a line at the end. */
export function tuningReporter(out: Output): TuneOptions {
  let tried = 0;
  return {
    cache: tuningCache(),
    onOther: (tuned) =>
      out.warn(
        `${out.colour.yellow("note:")} the run was tuned for ${tuned.engine}; it is tuned anew, and need not end with the same bytes as one that was left alone`,
      ),
    onTrial({ done, total, known }) {
      if (!known) tried++;
      if (out.stream.isTTY && tried > 0) out.redraw(`tuning: ${done} of ${total} shapes`);
      if (done < total) return;
      const line = `tuned: ${total} shapes, ${tried} of them timed now`; // longer than the line before, which it replaces
      if (out.stream.isTTY) out.redraw(`${line}\n`);
      else out.say(line);
    },
  };
}
