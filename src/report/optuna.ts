/**
 * A sweep as a journal of Optuna: one operation per line, as its JournalFileBackend reads them, for its dashboard and its analyses. No
 * times are in it, so that the same sweep has the same bytes.
 */
import { objectives } from "./objectives.ts";
import type { SweepResult, SweepRow, TrialState } from "./sweep.ts";

/** What varies, as a sweep says it. */
type Varied = Readonly<Record<string, VariedNumber | { readonly values: readonly unknown[] }>>;
interface VariedNumber {
  readonly from: number;
  readonly to: number;
  readonly scale?: "linear" | "log";
  readonly integer?: boolean;
}

/** Of optuna.storages.journal; a trial is said whole. */
const [CREATE_STUDY, CREATE_TRIAL] = [0, 4];
/** Of optuna.study.StudyDirection. */
const DIRECTION = { lower: 1, higher: 2 } as const;
/** Of optuna.trial.TrialState: 0 running, 1 complete, 2 pruned, 3 failed, 4 waiting. */
const STATE: Readonly<Record<TrialState, number>> = {
  begun: 0,
  paused: 0,
  finished: 1,
  "stopped early": 2,
  failed: 3,
  waiting: 4,
};

/** Optuna knows choices that are plain; of others the JSON stands. */
const plain = (value: unknown): string | number | boolean | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null
    ? value
    : JSON.stringify(value);

function distribution(d: Varied[string]): object {
  if ("values" in d) return { name: "CategoricalDistribution", attributes: { choices: d.values.map(plain) } };
  const attributes = { low: d.from, high: d.to, log: d.scale === "log", step: d.integer ? 1 : null };
  return { name: d.integer ? "IntDistribution" : "FloatDistribution", attributes };
}

/** Of a choice its index, of a number itself. */
const internal = (d: Varied[string], value: unknown): number =>
  "values" in d ? d.values.findIndex((v) => JSON.stringify(v) === JSON.stringify(value)) : Number(value);

/** @param space by the names that the trials have values of */
export function optunaJournal(result: SweepResult, space: Varied): string {
  const study = {
    op_code: CREATE_STUDY,
    worker_id: "espalier",
    study_name: result.title,
    directions: result.objectives.map((name) => DIRECTION[objectives[name].better]),
  };
  const each = <T>(of: (d: Varied[string], name: string) => T) =>
    Object.fromEntries(Object.entries(space).map(([name, d]) => [name, of(d, name)]));
  const trial = (row: SweepRow) => {
    const values = result.objectives.map((name) => row.figures?.[name]);
    const whole = values.every((x) => x !== undefined);
    const state = row.state === "finished" && !whole ? "failed" : row.state;
    const [value] = values;
    const { atEpoch } = objectives[result.objectives[0]];
    const course = row.epochs.map((m) => [m.epoch, atEpoch(m)]).filter(([, x]) => x !== null);
    return {
      op_code: CREATE_TRIAL,
      worker_id: "espalier",
      study_id: 0,
      datetime_start: null,
      state: STATE[state],
      value: whole && values.length === 1 ? value : null,
      values: whole && values.length > 1 ? values : null,
      distributions: each((d) => JSON.stringify(distribution(d))),
      params: each((d, name) => internal(d, row.values[name])),
      user_attrs: { trial: row.number + 1, folder: row.folder, ...(row.error !== undefined && { error: row.error }) },
      system_attrs: {},
      intermediate_values: Object.fromEntries(course),
    };
  };
  return [study, ...result.trials.map(trial)].map((line) => `${JSON.stringify(line)}\n`).join("");
}
