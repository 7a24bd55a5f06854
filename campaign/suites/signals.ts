/** Runs that are asked to end, once or twice: the documented exit status, and a run that goes on to the same bytes. */
import { join } from "node:path";
import { chance, pick } from "../mutate/pick.ts";
import { checkSameRun, goOn, type RunName, undisturbed } from "../runs.ts";
import { type Suite, WrongResult } from "../suite.ts";

const names: readonly RunName[] = ["rmda", "fineTuned"];
/** The exit status that each leaves, where the run handles it. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export const signals: Suite = {
  name: "signal",
  about: "train under SIGINT, SIGTERM, SIGHUP, once and twice: its exit status, and the same bytes when it went on",
  share: 2,
  processorSeconds: 30,
  seconds: 500,
  async run({ random, folder, shared, keep }) {
    const name = pick(random, names);
    const { folder: reference, ms } = await undisturbed(shared, name);
    const signal = pick(random, ["SIGINT", "SIGTERM", "SIGHUP"] as const);
    const afterMs = Math.round(1.1 * random.uniform() * ms);
    const stops = [
      { signal, afterMs },
      ...(chance(random, 0.4) ? [{ signal, afterMs: afterMs + random.int(400) }] : []),
    ];
    keep("signals.json", JSON.stringify({ name, ms, stops }));
    const out = join(folder, "run");
    const ended = await goOn(name, out, { stops });
    const how = `${name}, ${stops.map((s) => `${s.signal} after ${s.afterMs} ms`).join(", ")}`;
    // before and after training the system's own way is left in place: the signal ends the process
    if (ended.signal !== signal && ended.status !== 0 && ended.status !== STATUS[signal])
      throw new WrongResult(`${how}: it ended with ${ended.signal ?? ended.status}: ${ended.stderr}`);
    const { status, stderr } = await goOn(name, out);
    if (status !== 0) throw new WrongResult(`${how}: it does not go on: ${stderr}`);
    checkSameRun(out, reference, how);
    return ended.status === 0 ? "too late" : ended.signal ? "ended" : "stopped";
  },
};
