/** The runs of a comparison, one after another; a failed one does not stop the rest. */
import { join } from "node:path";
import { type Comparison, duration, methodTable, percent, type Summary, significant } from "espalier";
import { directory, environment, node } from "espalier/node";
import { COMPARISON, type Document, type Ended, writeResults } from "../comparison-directory.ts";
import type { Planned } from "../settings/compare-plan.ts";
import { place } from "../settings/place.ts";
import { messageOf } from "../terminal/failure.ts";
import { remainingSeconds } from "../terminal/remaining-time.ts";
import { turnedTable } from "../terminal/terminal-table.ts";
import type { OpenComparison } from "./compare-open.ts";
import { completeJob, openJob } from "./job.ts";

/** @returns the exit status: 1 when a run failed */
export async function runComparison(session: OpenComparison): Promise<number> {
  const { plan, ended, out, interruption } = session;
  const isFinished = (run: Planned) => ended.get(run.folder)?.summary !== undefined;
  const todo = plan.runs.filter((run) => !isFinished(run));
  let document = await writeSoFar(session);
  introduce(session, todo.length);
  for (const [i, run] of todo.entries()) {
    if (interruption.signal.aborted) return stop(session, document);
    announce(session, run, todo.slice(i));
    const result = await oneRun(session, run);
    if (!result) return stop(session, document);
    ended.set(run.folder, result);
    document = await writeSoFar(session);
    out.say(result.summary ? outcome(result.summary) : out.colour.red(`failed: ${result.error}`));
  }
  conclude(session, document);
  return document.runs.some((r) => r.error !== undefined) ? 1 : 0;
}

/** @returns undefined when it was interrupted */
async function oneRun(
  session: OpenComparison,
  { method, seed, folder, settings }: Planned,
): Promise<Ended | undefined> {
  const { out, interruption } = session;
  const begun = performance.now();
  const ended = { method, seed, folder };
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    const where = await place({ ...settings, out: join(session.folder, folder), resume: true });
    const job = await openJob(where, { out, interruption, data: await session.data(settings) });
    const done = await completeJob(job);
    return done && { ...ended, seconds: Math.max(seconds(), done.summary.seconds), summary: done.summary };
  } catch (e) {
    return { ...ended, seconds: seconds(), error: messageOf(e) };
  }
}

/** Writes what is known so far, in the order of the plan. */
function writeSoFar({ folder, plan, config, ended }: OpenComparison): Promise<Document> {
  const { threads, device } = config;
  const [{ settings }] = plan.runs;
  const data = settings.data?.split(/[\\/]/).filter(Boolean).at(-1);
  const comparison: Omit<Comparison, "runs" | "config"> = {
    title: `${settings.model?.split(/[\\/]/).at(-1)} on ${data}`,
    methods: plan.methods,
    seeds: plan.seeds,
    environment: environment(node({ threads, device })),
  };
  const runs = plan.runs.flatMap((run) => ended.get(run.folder) ?? []);
  return writeResults(directory(folder), { ...comparison, config }, runs);
}

function introduce({ folder, plan, out }: OpenComparison, todo: number): void {
  const { bold, dim } = out.colour;
  const already = plan.runs.length - todo;
  out.say(`${bold(plan.methods.join(", "))}, seed ${plan.seeds.join(", ")}`);
  out.say(dim(`${plan.runs.length} runs${already ? `, ${already} finished already` : ""}, into ${folder}`));
}

function announce({ plan, ended, out }: OpenComparison, run: Planned, left: readonly Planned[]): void {
  const timed = [...ended.values()].map((r) => ({ ...r, failed: r.error !== undefined }));
  const seconds = remainingSeconds(
    timed,
    left.map((r) => r.method),
  );
  const at = `run ${plan.runs.indexOf(run) + 1} of ${plan.runs.length}`;
  const estimate = seconds === undefined ? "" : `  about ${duration(seconds)} left`;
  out.say(`\n${out.colour.bold(`${at}: ${run.method}, seed ${run.seed}`)}${out.colour.dim(estimate)}`);
}

const outcome = (s: Summary): string =>
  [
    s.accuracy === null ? `test loss ${significant(s.loss)}` : `${percent(s.accuracy)} test accuracy`,
    `${percent(s.params.after / s.params.before)} of the parameters kept`,
  ].join(", ");

function stop({ folder, out, interruption }: OpenComparison, document: Document): number {
  const resume = `npx espalier compare --resume --out ${folder}`;
  out.result({ out: folder, interrupted: true, resume, ...document }, `stopped; go on with\n  ${resume}`);
  return interruption.status() ?? 1;
}

function conclude({ folder, plan, out }: OpenComparison, document: Document): void {
  const { title, environment, seeds, runs, config } = document;
  const table = methodTable({
    title,
    environment,
    seeds,
    config,
    methods: plan.methods,
    runs: runs.map((r) => ({ ...r, epochs: [] })),
  });
  const failed = runs.filter((r) => r.error !== undefined);
  const lines = failed.map(
    (r) => `${out.colour.red("failed:")} ${r.method}, seed ${r.seed}: ${r.error?.split("\n")[0]}`,
  );
  const files = { page: "compare.html", markdown: "compare.md", table: "compare.csv", figures: COMPARISON };
  const paths = Object.fromEntries(Object.entries(files).map(([what, name]) => [what, join(folder, name)]));
  const list = Object.entries(paths).map(([what, path]) => `  ${what.padEnd(8)}  ${path}`);
  const text = [`\n${turnedTable(table, out)}`, ...(lines.length > 0 ? [lines.join("\n")] : []), list.join("\n")];
  out.result({ out: folder, files: paths, ...document }, text.join("\n\n"));
}
