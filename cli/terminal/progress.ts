/** Live progress: in a terminal one bar, redrawn in place; elsewhere one plain line per epoch. */
import { SingleBar } from "cli-progress";
import { duration, type EpochMetrics, type Progress, percent, type Run, shortCount, significant } from "espalier";
import type { Output } from "./output.ts";

export interface Reporter {
  step(p: Progress): void;
  /** The epoch's line replaces the bar. */
  epoch(m: EpochMetrics): void;
  stop(): void;
}

const score = (loss: number, accuracy: number | null | undefined): string =>
  `${loss.toFixed(4)}${typeof accuracy === "number" ? ` ${percent(accuracy)}` : ""}`;

/** How much is zero of what the run prunes; nothing for dense training. */
function zeros(prunes: Run["prunes"], m: EpochMetrics | undefined): string[] {
  if (prunes === "nothing") return [];
  const sparse = m?.dual ? ` (W̃ ${percent(m.dual.groupSparsity, 1)})` : "";
  return [`zero ${prunes} ${percent(m?.groupSparsity ?? 0, 1)}${sparse}`];
}

/** What one epoch came to, in one line. */
function epochLine(m: EpochMetrics, epochs: number, prunes: Run["prunes"]): string {
  const width = String(epochs).length;
  return [
    `epoch ${String(m.epoch).padStart(width)}/${epochs}`,
    `train ${score(m.loss, m.accuracy)}`,
    ...(typeof m.valLoss !== "number" ? [] : [`val ${score(m.valLoss, m.valAccuracy)}`]),
    ...(typeof m.testLoss !== "number" ? [] : [`test ${score(m.testLoss, m.testAccuracy)}`]),
    ...zeros(prunes, m),
    ...(m.kept === undefined
      ? []
      : [`keeps ${percent(m.kept, 1)}${m.strength === undefined ? "" : ` (lambda ×${significant(m.strength)})`}`]),
    ...(m.lowRankLevel === undefined ? [] : [`zero singular values ${percent(m.lowRankLevel, 1)}`]),
    ...(m.stepParams && m.stepParams.after < m.stepParams.before
      ? [`params ${shortCount(m.stepParams.before)} → ${shortCount(m.stepParams.after)} in the step`]
      : []),
    ...(m.stepBack === undefined ? [] : [`${m.stepBack} channels came back`]),
    `${significant(m.msPerStep)} ms/step`,
    ...(m.statisticsSeconds === undefined ? [] : [`batch norm's statistics ${duration(m.statisticsSeconds)}`]),
  ].join("  ");
}

/** Seconds until the end: the steps to come, and what the finished epochs spent beside their steps. */
function secondsLeft(p: Progress, besideSteps: number): number {
  const steps = p.steps - p.step + (p.epochs - p.epoch) * p.steps;
  return (steps * p.msPerStep) / 1000 + besideSteps * (p.epochs - p.epoch + 1);
}

export function reporter(out: Output, epochs: number, run: Pick<Run, "history" | "prunes">): Reporter {
  let running = false;
  let explained = false;
  const bar = out.stream.isTTY
    ? new SingleBar({
        format: `epoch {at}/${epochs} {bar} {left} left  train {score}  {zeros}{ms} ms/step`,
        stream: out.stream,
        barsize: Math.max(8, Math.min(30, (out.stream.columns ?? 80) - 80)),
        barCompleteChar: "█",
        barIncompleteChar: "░",
        hideCursor: true,
        clearOnComplete: true,
        linewrap: false,
        fps: 8,
        gracefulExit: false,
      })
    : undefined;
  const stop = () => {
    if (running) bar?.stop();
    running = false;
  };
  return {
    step(p) {
      if (!bar) return;
      const last = run.history.at(-1);
      const besideSteps = last ? Math.max(0, last.seconds - (last.msPerStep * p.steps) / 1000) : 0;
      const payload = {
        at: p.epoch,
        score: score(p.loss, p.accuracy),
        zeros: zeros(run.prunes, last)
          .map((text) => `${text}  `)
          .join(""),
        ms: significant(p.msPerStep),
        left: duration(secondsLeft(p, besideSteps)),
      };
      if (running) bar.update(p.step, payload);
      else bar.start(p.steps, p.step, payload);
      running = true;
    },
    epoch(m) {
      stop();
      if (m.dual && !explained)
        out.say(
          out.colour.dim(
            "W̃: what RMDA sets to zero; the weights, its running average, follow at the end. At a restart (a milestone) the loss may jump and comes back.",
          ),
        );
      explained ||= m.dual !== undefined;
      const left = m.epoch < epochs ? `  ${duration(m.seconds * (epochs - m.epoch))} left` : "";
      out.say(epochLine(m, epochs, run.prunes) + out.colour.dim(left));
    },
    stop,
  };
}
