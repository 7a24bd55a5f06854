/** A sweep's trials as runs of MLflow, by its REST interface (2.0): settings, the course of every epoch, what came of it. */
import { EspalierError, UsageError } from "../../error.ts";
import { anObject, aText, maybe, wants } from "../../given.ts";
import type { EpochMetrics } from "../../report/results.ts";
import type { SweepResult, SweepRow } from "../../report/sweep.ts";

/** Options of `logToMlflow`. */
export interface MlflowOptions {
  /** Of the tracking server: http://127.0.0.1:5000. */
  readonly url: string;
  /** Name of the experiment, which is made if there is none. Default: the sweep's title. */
  readonly experiment?: string;
}

/** The tag by which a trial's run is found again. */
const TAG = "espalier.trial";
/** Metrics of one call, as the interface allows. */
const BATCH = 1000;

type Json = Readonly<Record<string, unknown>>;
const object = (x: unknown): Json => (typeof x === "object" && x !== null ? { ...x } : {});

/** A call; undefined where what is asked for is not there. */
async function call(url: string, path: string, body?: Json): Promise<Json | undefined> {
  const address = `${url.replace(/\/+$/, "")}/api/2.0/mlflow/${path}`;
  const failed = (reason: string) =>
    new EspalierError(
      "system",
      "MLflow did not take it",
      { url: address, reason },
      "check the address and the server's log",
    );
  const headers = { "content-type": "application/json" };
  const response = await fetch(address, body ? { method: "POST", headers, body: JSON.stringify(body) } : {}).catch(
    (e: unknown) => {
      throw failed(e instanceof Error ? e.message : String(e));
    },
  );
  const said = object(await response.json().catch(() => undefined)); // no JSON: the status says enough
  if (response.ok) return said;
  if (said["error_code"] === "RESOURCE_DOES_NOT_EXIST") return undefined;
  throw failed(`${response.status} ${typeof said["message"] === "string" ? said["message"] : response.statusText}`);
}

/** @throws EspalierError when the answer lacks it */
function textIn(answer: Json | undefined, ...path: string[]): string {
  let found: unknown = answer;
  for (const key of path) found = object(found)[key];
  if (typeof found === "string") return found;
  throw new EspalierError(
    "system",
    "MLflow answered something else",
    { wanted: path.join(".") },
    "check its version: 2 or newer",
  );
}

const STATUS: Readonly<Partial<Record<SweepRow["state"], string>>> = {
  finished: "FINISHED",
  failed: "FAILED",
  "stopped early": "KILLED",
};

/** What an epoch says in numbers. */
const numbersOf = (m: EpochMetrics): [string, number][] =>
  Object.entries(m).flatMap(([key, value]): [string, number][] =>
    typeof value === "number" && Number.isFinite(value) && key !== "epoch" ? [[key, value]] : [],
  );

/** @param start the run's, in ms; the times of an epoch follow from it, so that logged again it is the same */
function metricsOf(row: SweepRow, start: number): Json[] {
  let seconds = 0;
  const course = row.epochs.flatMap((m) => {
    seconds += m.seconds;
    const timestamp = start + Math.round(seconds * 1000);
    return numbersOf(m).map(([key, value]) => ({ key, value, timestamp, step: m.epoch }));
  });
  const timestamp = start + Math.ceil(seconds * 1000);
  const step = row.epochs.length;
  return [
    ...course,
    ...Object.entries(row.figures ?? {}).map(([key, value]) => ({ key: `objective.${key}`, value, timestamp, step })),
  ];
}

/**
 * Logs the trials of a sweep that are over as runs. Called again it finds those that it made, and makes none twice.
 * @returns how many runs were made, and how many were there
 * @throws UsageError for an address that is none; EspalierError when the server is not there or refuses
 */
export async function logToMlflow(
  result: SweepResult,
  options: MlflowOptions,
): Promise<{ readonly made: number; readonly there: number }> {
  wants(
    "logToMlflow",
    ["result", anObject, result],
    ["options", anObject, options],
    ["url", aText, options, "url"],
    ["experiment", maybe(aText), options, "experiment"],
  );
  const { url, experiment = result.title } = options;
  if (!/^https?:\/\//.test(url))
    throw new UsageError("out-of-range", "there is no such address", { got: url, wanted: "http://HOST:PORT" });
  const found = await call(url, `experiments/get-by-name?experiment_name=${encodeURIComponent(experiment)}`);
  const id = found
    ? textIn(found, "experiment", "experiment_id")
    : textIn(await call(url, "experiments/create", { name: experiment }), "experiment_id");
  let [made, there] = [0, 0];
  for (const row of result.trials) {
    const status = STATUS[row.state];
    if (!status) continue;
    if (await logged(url, id, row, status)) made++;
    else there++;
  }
  return { made, there };
}

/** @returns false when its run is whole already */
async function logged(url: string, experiment: string, row: SweepRow, status: string): Promise<boolean> {
  const key = row.folder.split("/").at(-1) ?? row.folder;
  const filter = `tags.\`${TAG}\` = '${key}'`;
  const before = await call(url, "runs/search", { experiment_ids: [experiment], filter, max_results: 1 });
  const runs = before?.["runs"];
  const run = object(Array.isArray(runs) ? runs[0] : undefined);
  const info = object(run["info"]);
  if (info["status"] !== undefined && info["status"] !== "RUNNING") return false;
  const start = Number(info["start_time"] ?? Date.now());
  const tags = [{ key: TAG, value: key }];
  const run_name = `trial ${row.number + 1}`;
  const begun = typeof info["run_id"] === "string"; // by a call that was killed
  const create = { experiment_id: experiment, start_time: start, run_name, tags };
  const answer = begun ? { run } : await call(url, "runs/create", create);
  const run_id = textIn(answer, "run", "info", "run_id");
  const params = Object.entries(row.values).map(([name, value]) => ({
    key: name,
    value: typeof value === "string" ? value : JSON.stringify(value),
  }));
  await call(url, "runs/log-batch", { run_id, params });
  const metrics = metricsOf(row, start);
  for (let at = 0; at < metrics.length; at += BATCH)
    await call(url, "runs/log-batch", { run_id, metrics: metrics.slice(at, at + BATCH) });
  const end = metrics.reduce((last, m) => Math.max(last, Number(m["timestamp"])), start);
  await call(url, "runs/update", { run_id, status, end_time: end });
  return true;
}
