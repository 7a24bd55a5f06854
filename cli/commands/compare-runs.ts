/** The runs of a comparison, and what is said on the way. */
import { join } from "node:path";
import {
  COMPARISON,
  type ComparisonDocument,
  type ComparisonEvent,
  compareRuns,
  duration,
  EspalierError,
  methodTable,
  percent,
  type Summary,
  significant,
} from "espalier";
import { environment } from "espalier/node";
import type { Planned } from "../settings/compare-plan.ts";
import { engineOf } from "../settings/engine-fields.ts";
import { place } from "../settings/place.ts";
import { messageOf } from "../terminal/failure.ts";
import { sayStopped } from "../terminal/interrupt.ts";
import { remainingSeconds } from "../terminal/remaining-time.ts";
import { turnedTable } from "../terminal/terminal-table.ts";
import type { OpenComparison } from "./compare-open.ts";
import { completeJob, openJob } from "./job.ts";

/** @returns the exit status: 1 when a run failed */
export async function runComparison(session: OpenComparison): Promise<number> {
  const { store, plan, config, ended, interruption } = session;
  const [{ settings }] = plan.runs;
  const data = settings.data?.split(/[\\/]/).filter(Boolean).at(-1);
  const title = `${settings.model?.split(/[\\/]/).at(-1)} on ${data}`;
  const { document, stopped } = await compareRuns(
    { ...plan, title, config, environment: environment(engineOf(config)) },
    {
      store,
      ended,
      signal: interruption.signal,
      complete: (run) => oneRun(session, run),
      textOf: messageOf,
      isFatal: (error) => error instanceof EspalierError && error.code === "locked",
      onEvent: (event) => tell(session, event),
    },
  );
  if (stopped) return stop(session, document);
  conclude(session, document);
  return document.runs.some((r) => r.error !== undefined) ? 1 : 0;
}

/** @returns undefined when it was interrupted */
async function oneRun(
  { folder, data, out, interruption }: OpenComparison,
  { folder: inner, settings }: Planned,
): Promise<Summary | undefined> {
  const where = await place({ ...settings, out: join(folder, inner), resume: true });
  const job = await openJob(where, { out, interruption, data: await data(settings) });
  return (await completeJob(job))?.summary;
}

function tell(session: OpenComparison, event: ComparisonEvent): void {
  const { out } = session;
  if (event.type === "comparing") introduce(session, event);
  else if (event.type === "run") announce(session, event);
  else out.say(event.run.summary ? outcome(event.run.summary) : out.colour.red(`failed: ${event.run.error}`));
}

type Of<T extends ComparisonEvent["type"]> = Extract<ComparisonEvent, { type: T }>;

function introduce({ folder, plan, out }: OpenComparison, { runs, finished }: Of<"comparing">): void {
  const { bold, dim } = out.colour;
  out.say(`${bold(plan.methods.join(", "))}, seed ${plan.seeds.join(", ")}`);
  out.say(dim(`${runs.length} runs${finished ? `, ${finished} finished already` : ""}, into ${folder}`));
}

function announce({ plan, out }: OpenComparison, { run, ended, left }: Of<"run">): void {
  const seconds = remainingSeconds(
    ended.map((r) => ({ ...r, failed: r.error !== undefined })),
    left.map((r) => r.method),
  );
  const number = plan.runs.findIndex((r) => r.folder === run.folder) + 1;
  const at = `run ${number} of ${plan.runs.length}`;
  const estimate = seconds === undefined ? "" : `  about ${duration(seconds)} left`;
  out.say(`\n${out.colour.bold(`${at}: ${run.method}, seed ${run.seed}`)}${out.colour.dim(estimate)}`);
}

const outcome = (s: Summary): string =>
  [
    s.accuracy === null ? `test loss ${significant(s.loss)}` : `${percent(s.accuracy)} test accuracy`,
    `${percent(s.params.after / s.params.before)} of the parameters kept`,
  ].join(", ");

function stop({ folder, out, interruption }: OpenComparison, document: ComparisonDocument): number {
  const resume = `npx espalier compare --resume --out ${folder}`;
  sayStopped({ out: folder, interrupted: true, resume, ...document }, out, interruption);
  return interruption.status() ?? 1;
}

function conclude({ folder, plan, out }: OpenComparison, document: ComparisonDocument): void {
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
