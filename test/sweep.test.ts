/** `espalier sweep` as a user runs it: trials in processes of their own, Ctrl-C and --resume, killed workers, mistakes. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Ran } from "./support/command-line.ts";

const { espalier, interrupted, at, json } = commandLine();
const config = async (name: string, text: string) => {
  await writeFile(at(name), text);
  return ["sweep", "--config", name];
};

const SHARED = "model: logistic\ndata: digits\nlimit-train: 200\nepochs: 4\nthreads: 1\ngroups: input-channel\n";
const HALVING = `${SHARED}search: random
trials: 4
objectives: [accuracy, params]
stopping: { first: 2, factor: 2 }
space:
  lambda: { from: 1e-3, to: 0.1, log: true }
  batch-size: { from: 20, to: 60 }
  method:
    RMDA: { optimizer: rmda }
    ProxSGD: { optimizer: prox-sgd }
`;

interface Trial {
  readonly number: number;
  readonly key: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: string;
  readonly epochs: number;
  readonly figures?: Readonly<Record<string, number>>;
}

const hashOf = async (...path: string[]) =>
  existsSync(at(...path))
    ? createHash("sha256")
        .update(await readFile(at(...path)))
        .digest("hex")
    : "none";

/** What of a sweep no clock has touched: its trials, its front, the bytes of its models. */
async function outcomes(folder: string) {
  const { trials, front, complete } = await json(folder, "sweep.json");
  const files = trials.map(async ({ key }: Trial) => [
    await hashOf(folder, "trials", key, "model.onnx"),
    await hashOf(folder, "trials", key, "small.onnx"),
    await hashOf(folder, "trials", key, "certificate.json"),
  ]);
  return { trials, front, complete, files: await Promise.all(files) };
}

describe("four trials, of which half may go on", () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await espalier(...(await config("halving.yaml", HALVING)), "--out", "whole", "--parallel", "2", "--json");
  }, 120_000);

  test("some are finished, the rest stopped at the rung; the page shows the front", async () => {
    expect(ran.status, ran.stderr).toBe(0);
    const { trials, front } = JSON.parse(ran.stdout) as { trials: Trial[]; front: number[] };
    expect(trials).toHaveLength(4);
    for (const t of trials) {
      expect(["finished", "stopped early"]).toContain(t.state);
      expect(t.epochs).toBe(t.state === "finished" ? 4 : 2);
      expect(Number.isInteger(t.values["batch-size"])).toBe(true);
    }
    const finished = trials.filter((t) => t.state === "finished");
    expect(finished.length).toBeGreaterThanOrEqual(2);
    expect(front.length).toBeGreaterThan(0);
    const [best] = front.map((n) => trials.find((t) => t.number === n)!);
    expect(best.figures?.["accuracy"]).toBe(Math.max(...finished.map((t) => t.figures!["accuracy"])));
    const page = await readFile(at("whole", "sweep.html"), "utf8");
    expect(page).toContain("Pareto front");
    expect(await readFile(at("whole", "front-params.svg"), "utf8")).toContain("Pareto front");
    expect((await readFile(at("whole", "sweep.csv"), "utf8")).split("\n")[0]).toBe(
      "trial,folder,lambda,batch-size,method,accuracy,params,epochs,front,state",
    );
    const { trials: kept } = await json("whole", "sweep.json");
    const { config: trained } = await json("whole", "trials", kept[0].key, "run.json");
    expect(trained).toMatchObject({ model: "logistic", threads: 1 });
  });

  test("called again nothing is trained; status says the same; what would write over it is refused", async () => {
    const again = await espalier("sweep", "--resume", "--out", "whole", "--json");
    expect([again.status, again.stderr.includes("to epoch")]).toEqual([0, false]);
    expect(JSON.parse(again.stdout).trials).toEqual(JSON.parse(ran.stdout).trials);
    const status = await espalier("sweep", "status", "whole", "--json");
    expect(JSON.parse(status.stdout).front).toEqual(JSON.parse(ran.stdout).front);
    const over = await espalier("sweep", "--config", "halving.yaml", "--out", "whole");
    expect([over.status, over.stderr]).toEqual([2, expect.stringContaining("--overwrite")]);
    const other = await espalier(
      "sweep",
      "--config",
      "halving.yaml",
      "--out",
      "whole",
      "--resume",
      "--set",
      "limit-train=150",
    );
    expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/other settings: limit-train/)]);
  }, 60_000);

  test.skipIf(process.platform === "win32")(
    "three processes on one folder, killed again and again: the bytes of the undisturbed sweep",
    async () => {
      const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
      const workers = new Set<ChildProcess>();
      afterAll(() => {
        for (const worker of workers) worker.kill("SIGKILL");
      });
      let done = false;
      let kills = 0;
      const begin = (first: boolean): Promise<void> =>
        new Promise((resolve) => {
          const args = first ? ["--config", "halving.yaml"] : [];
          const worker = spawn(process.execPath, [main, "sweep", ...args, "--resume", "--out", "killed"], {
            cwd: at(),
            stdio: "ignore",
          });
          workers.add(worker);
          worker.on("exit", (code) => {
            workers.delete(worker);
            done ||= code === 0;
            resolve(done ? undefined : begin(true));
          });
        });
      const killing = setInterval(() => {
        const [victim] = [...workers].slice(kills % Math.max(1, workers.size));
        if (kills < 5 && victim?.kill("SIGKILL")) kills++;
      }, 2500);
      await Promise.all([begin(true), begin(true), begin(true)]);
      clearInterval(killing);
      expect(kills).toBeGreaterThan(0);
      expect((await espalier("sweep", "--resume", "--out", "killed")).status).toBe(0);
      expect(await outcomes("killed")).toEqual(await outcomes("whole"));
    },
    240_000,
  );
});

test.skipIf(process.platform === "win32")(
  "Ctrl-C leaves what can be gone on with, and so does cancelling from outside",
  async () => {
    const long = await config(
      "long.yaml",
      `${SHARED.replace("epochs: 4", "epochs: 60")}out: long\nspace: { lr: [0.1, 0.2] }\n`,
    );
    const { status, stdout } = await interrupted("to epoch 60", ...long);
    expect([status, stdout]).toEqual([130, expect.stringContaining("npx espalier sweep --resume --out long")]);
    let over = false;
    const going = espalier("sweep", "--resume", "--out", "long").finally(() => {
      over = true;
    });
    while (!over) expect((await espalier("sweep", "cancel", "long")).status).toBe(0); // at first it may not have begun
    const cancelled = await going;
    expect([cancelled.status, cancelled.stdout]).toEqual([1, expect.stringContaining("stopped; go on with")]);
    const { trials } = await json("long", "sweep.json");
    expect(trials.filter((t: Trial) => t.state === "finished")).toEqual([]);
    expect(await readdir(at("long"))).toContain("trials");
  },
  120_000,
);

test("a mistake is said before anything is trained", async () => {
  const wrong = await config("wrong.yaml", `${SHARED}out: wrong\nspace: { lr: [0.1], m: { A: { lamda: 1 } } }\n`);
  const { status, stdout, stderr } = await espalier(...wrong);
  expect([status, stdout, stderr]).toEqual([
    2,
    "",
    expect.stringMatching(/no setting "lamda"\n +where +.*space\.m\.A\.lamda/),
  ]);
  expect(existsSync(at("wrong"))).toBe(false);
});
