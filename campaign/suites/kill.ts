/** Runs that are killed at random times, again and again, and resumed: at their end they are, byte for byte, what they would have been. */
import { join } from "node:path";
import { pick } from "../mutate/pick.ts";
import { checkSameRun, goOn, type RunName, runs, undisturbed } from "../runs.ts";
import { type Suite, WrongResult } from "../suite.ts";

const names = Object.keys(runs) as RunName[];

export const kill: Suite = {
  name: "kill",
  about: "train by several methods, killed up to three times and resumed: the same bytes as undisturbed",
  share: 4,
  processorSeconds: 30,
  seconds: 500,
  async run({ random, folder, shared, keep }) {
    const name = pick(random, names);
    const { folder: reference, ms } = await undisturbed(shared, name);
    const out = join(folder, "run");
    const places: number[] = [];
    for (let times = 1 + random.int(3); times > 0; times--) {
      const afterMs = Math.round((0.15 + random.uniform()) * ms);
      const { signal, status, stderr } = await goOn(name, out, { stops: [{ signal: "SIGKILL", afterMs }] });
      places.push(afterMs);
      keep("kills.json", JSON.stringify({ name, ms, places }));
      if (signal !== "SIGKILL" && status !== 0) throw new WrongResult(`${name}, killed after ${places} ms: ${stderr}`);
    }
    const { status, stderr } = await goOn(name, out);
    if (status !== 0) throw new WrongResult(`${name}, killed after ${places} ms, does not go on: ${stderr}`);
    checkSameRun(out, reference, `${name}, killed after ${places} of ${ms.toFixed(0)} ms`);
    return name;
  },
};
