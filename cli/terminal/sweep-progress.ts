/** The trials of a sweep: in a terminal a bar for each that runs and one for all; elsewhere a line when one begins or is done. */
import { MultiBar, type SingleBar } from "cli-progress";
import {
  frontTable,
  percent,
  type SweepEvent,
  type SweepJob,
  type SweepPlan,
  type SweepResult,
  type SweepValues,
  significant,
  sweepLead,
} from "espalier";
import type { TrialReport } from "../commands/trial-child.ts";
import { valuesText } from "../settings/sweep-plan.ts";
import type { TrainConfig } from "../settings/train-fields.ts";
import { forTerminal, type Output } from "./output.ts";

interface SweepReporter {
  event(event: SweepEvent): void;
  report(job: SweepJob, report: TrialReport): void;
  stop(): void;
}

/** Epochs of a run, when nothing is said. */
const EPOCHS = 20;

export function sweepProgress(
  out: Output,
  plan: SweepPlan,
  settingsOf: (values: SweepValues) => TrainConfig,
): SweepReporter {
  const { dim, red, bold } = out.colour;
  const bars = out.stream.isTTY
    ? new MultiBar({
        format: "{name} {bar} {value}/{total}  {said}",
        stream: out.stream,
        barsize: 20,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        hideCursor: true,
        clearOnComplete: false,
        linewrap: false,
        fps: 4,
        gracefulExit: false,
      })
    : undefined;
  let all: SingleBar | undefined;
  let stopped = false;
  const running = new Map<string, SingleBar>();
  const say = (line: string) => {
    if (bars) bars.log(`${forTerminal(line)}\n`);
    else out.say(line);
  };
  const over = ({ trials }: SweepResult) =>
    trials.filter((t) => ["finished", "failed", "stopped early"].includes(t.state)).length;
  const nameOf = (job: SweepJob) => `trial ${String(job.number + 1).padStart(String(plan.trials).length)}`;

  const events: { readonly [T in SweepEvent["type"]]: (event: Extract<SweepEvent, { type: T }>) => void } = {
    sweeping({ result }) {
      out.say(`${bold(Object.keys(plan.space).join(", "))}: ${plan.search}, ${sweepLead(result)}`);
      if (plan.rungs.length > 0)
        out.say(dim(`after ${plan.rungs.join(", ")} epochs the best of every ${plan.factor} trials go on`));
      all = bars?.create(plan.trials, over(result), {
        name: "all".padEnd(nameOf({ number: 0 } as SweepJob).length),
        said: "",
      });
    },
    trial({ job }) {
      const { epochs = EPOCHS } = settingsOf(job.values);
      const until = job.until ?? epochs;
      if (bars)
        running.set(job.key, bars.create(until, 0, { name: nameOf(job), said: forTerminal(valuesText(job.values)) }));
      else out.say(dim(`${nameOf(job)}: ${valuesText(job.values)}, to epoch ${until}`));
    },
    done({ job, result, error }) {
      const bar = running.get(job.key);
      if (bar) bars?.remove(bar);
      running.delete(job.key);
      all?.update(over(result), { said: sweepLead(result) });
      const row = result.trials.find((t) => t.number === job.number);
      if (error !== undefined) say(red(`${nameOf(job)} failed: ${error.split("\n")[0]}`));
      else if (row?.figures) say(`${nameOf(job)}: ${outcome(row.number, result)}  ${valuesText(job.values)}`);
    },
  };
  return {
    event: (event) => (events[event.type] as (e: SweepEvent) => void)(event),
    report(job, report) {
      const bar = running.get(job.key);
      if (!bar) return;
      if (report.type === "finishing") bar.update({ said: "shrinking, measuring …" });
      if (report.type === "epoch") {
        const { epoch, testAccuracy, valAccuracy, loss } = report.metrics;
        const score = valAccuracy ?? testAccuracy;
        bar.update(epoch, {
          said: `${score === null ? `loss ${significant(loss)}` : percent(score)}  ${forTerminal(valuesText(job.values))}`,
        });
      }
    },
    stop() {
      if (!stopped) bars?.stop();
      stopped = true;
    },
  };
}

/** The objectives of a trial as the tables show them. */
function outcome(number: number, result: SweepResult): string {
  const { head, rows } = frontTable({ ...result, front: [number] });
  const from = head.length - 3 - result.objectives.length;
  return result.objectives.map((_, i) => `${head[from + i]} ${rows[0][from + i]}`).join(", ");
}
