/** Low rank on the command line: train --lorita, factorize, inspect --ranks, as a user runs them. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { compose, type Model, models, read, write } from "espalier";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Ran } from "./support/command-line.ts";

const { espalier, asked, interrupted, at, json } = commandLine();
const TRAIN = "train --model lenet5-small --data digits --limit-train 300 --batch-size 50 --threads 1 --lr 3e-3".split(
  " ",
);
const LOW = [...TRAIN, ..."--lorita 2 --weight-decay 1e-3 --rank-rule global --rank-keep 0.2 --epochs 2".split(" ")];

describe("a run of low rank", () => {
  let trained: Ran;
  beforeAll(async () => {
    trained = await espalier(...LOW, "--fine-tune", "1", "--out", "a");
  });

  test("train composes, composes back, truncates, shrinks, and says what is lossy", async () => {
    expect(trained.status, trained.stderr).toBe(0);
    expect(trained.stdout).toMatch(/2 linear maps per layer/);
    const { config } = await json("a", "run.json");
    expect(config).toMatchObject({ optimizer: "adam", lorita: 2, rankRule: "global", rankKeep: 0.2, fineTune: 1 });
    const { lowRank, params, maxRelDiff } = await json("a", "summary.json");
    expect(lowRank).toMatchObject({ rule: "global", factors: 2, fineTuned: 1 });
    const split = lowRank.layers.map((l: { split: boolean; rank: number; full: number }) =>
      l.split ? l.rank : l.full,
    );
    const left = split.reduce((a: number, b: number) => a + b);
    expect(left).toBeLessThan(150);
    expect(trained.stdout).toMatch(new RegExp(`singular values \\(lossy\\) +236 +${left} `));
    expect(lowRank.recomposedRelDiff).toBeLessThan(1e-5);
    expect(lowRank.smallRelDiff).toBeGreaterThan(1e-4);
    expect(lowRank.seconds).toBeGreaterThan(0);
    expect(maxRelDiff).toBeLessThan(1e-4);
    expect(params.before).toBe(61_706); // composed back: the architecture of the built-in model
    const weights = lowRank.layers.reduce((n: number, l: { params: { after: number } }) => n + l.params.after, 0);
    expect(params.after).toBe(weights + 6 + 16 + 120 + 84 + 10);
    const report = await readFile(at("a", "report.html"), "utf8");
    expect(report).toContain("That is lossy");
    expect(report).toContain("Truncated (lossy), then shrunk exactly");
    expect(report).not.toContain("Why it is the same function");
    expect(report).toContain("verify truncated.onnx small.onnx");
  });

  test("the certificate is about the truncated model", async () => {
    const check = await asked("verify", "a/truncated.onnx", "a/small.onnx", "--certificate", "a/certificate.json");
    expect([check.status, check.stdout]).toEqual([0, expect.stringContaining("certificate holds")]);
    expect((await asked("verify", "a/model.onnx", "a/small.onnx")).status).toBe(1);
  });

  test("inspect --ranks shows singular values and effective ranks", async () => {
    const { stdout } = await asked("inspect", "a/model.onnx", "--ranks");
    expect(stdout).toMatch(/fc1.weight +120×400 +\d/);
    const { ranks, skipped } = JSON.parse((await asked("inspect", "a/model.onnx", "--ranks", "--json")).stdout);
    expect(skipped).toEqual([]);
    expect(ranks.map((r: { weight: string }) => r.weight)).toEqual(
      ["conv1", "conv2", "fc1", "fc2", "fc3"].map((l) => `${l}.weight`),
    );
    for (const r of ranks) {
      expect(r.values).toHaveLength(Math.min(r.rows, r.columns));
      expect([r.largest, r.smallest]).toEqual([r.values[0], r.values.at(-1)]);
      expect(r.numericRank).toBe(r.values.filter((s: number) => s > r.largest / 100).length);
      expect(r.effectiveRank).toBeLessThanOrEqual(r.values.length);
    }
  });

  test("factorize: global, local, iterative with its accuracy, and fine-tuning", async () => {
    const run = async (...args: string[]) => {
      const { status, stdout, stderr } = await asked("factorize", "a/model.onnx", "f.onnx", ...args, "--json");
      expect(status, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    const global = await run("--rule", "global", "--keep", "0.2");
    const { lowRank } = await json("a", "summary.json");
    expect(global).toMatchObject({ rule: "global", lossy: true, layers: lowRank.layers });
    const local = await run("--rule", "local", "--keep", "0.5", "--data", "digits", "--threads", "1");
    expect(local.layers.map((l: { rank: number }) => l.rank)).toEqual([3, 8, 60, 42, 5]);
    const { accuracy } = JSON.parse((await asked("evaluate", "f.onnx", "--data", "digits", "--json")).stdout);
    expect(local.accuracy.after).toBe(accuracy);
    const searched = await run("--data", "digits", "--tolerance", "0.05", "--threads", "1");
    expect(searched.rule).toBe("iterative");
    expect(searched.params.after).toBeLessThan(searched.params.before / 2);
    const judged = await run("--keep", "0.2", "--data", "digits", "--threads", "1"); // as the hint of a run without data says
    expect(judged).toMatchObject({ rule: "global", layers: lowRank.layers });
    const absolute = await run("--keep", "0.2", "--relative", "none");
    expect(absolute.layers).not.toEqual(lowRank.layers);
    const hard = ["--rule", "global", "--keep", "0.03", "--data", "digits"];
    const tuned = await run(...hard, "--fine-tune", "1");
    expect(tuned.fineTuned).toBe(1);
    expect(tuned.loss.after).toBeLessThan(tuned.loss.truncated);
  });

  test("factorize composes a composed model back first", async () => {
    const { model } = compose(read(new Uint8Array(await readFile(at("a/model.onnx")))), {
      factors: 3,
      init: "balanced",
    });
    await writeFile(at("composed.onnx"), write(model));
    const { status, stdout } = await asked("factorize", "composed.onnx", "g.onnx", "--keep", "0.2", "--json");
    const { composedBack, layers } = JSON.parse(stdout);
    expect([status, composedBack.agree]).toEqual([0, true]);
    const { lowRank } = await json("a", "summary.json");
    expect(layers.map((l: { rank: number }) => l.rank)).toEqual(lowRank.layers.map((l: { rank: number }) => l.rank));
  });

  test("nothing gets smaller: nothing is written, unless asked", async () => {
    const refused = await asked("factorize", "a/model.onnx", "same.onnx", "--rule", "local", "--keep", "1");
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/fix +use a smaller --keep/)]);
    expect(existsSync(at("same.onnx"))).toBe(false);
    const unchanged = await asked("factorize", "a/model.onnx", "same.onnx", "--keep", "1", "--anyway");
    expect(unchanged.status).toBe(0);
    expect((await asked("verify", "a/model.onnx", "same.onnx")).status).toBe(0);
  });
});

test("train composes the layers that are named and not frozen, says which it leaves, and when none gets smaller", async () => {
  const { status, stdout, stderr } = await espalier(
    ...[...TRAIN, "--epochs", "1", "--lorita", "2", "--lorita-layers", "fc**,conv1.weight", "--freeze", "fc2.weight"],
    ...["--rank-rule", "local", "--rank-keep", "1", "--out", "chosen"],
  );
  expect(status, stderr).toBe(0);
  expect(stdout).toContain("fc2.weight is not composed: it is frozen");
  expect(stderr).toMatch(/no layer gets smaller at these ranks.*smaller --rank-keep/);
  const { lowRank } = await json("chosen", "summary.json");
  expect(lowRank.smallRelDiff).toBeLessThan(1e-4);
  expect(await readFile(at("chosen", "report.html"), "utf8")).toContain("so none was truncated");
  const again = await asked("train", "--resume", "--out", "chosen", "--json");
  expect(JSON.parse(again.stdout).files.truncated).toBe("chosen/truncated.onnx");
});

test("what is frozen is neither truncated nor fine-tuned", async () => {
  const { status, stdout, stderr } = await espalier(
    ...[...TRAIN, "--epochs", "1", "--lorita", "2", "--freeze", "fc1.weight,fc2.bias"],
    ...["--rank-rule", "local", "--rank-keep", "0.2", "--fine-tune", "1", "--out", "frozen"],
  );
  expect(status, stderr).toBe(0);
  const { lowRank } = await json("frozen", "summary.json");
  const weights = lowRank.layers.map((l: { weight: string }) => l.weight);
  expect([weights.includes("fc1.weight"), weights.includes("fc2.weight")]).toEqual([false, true]);
  expect(stdout).toContain("fc1.weight is left alone: it is frozen");
  const [start, end] = [models.lenet5Small({ seed: 1 }), read(await readFile(at("frozen", "truncated.onnx")))];
  const data = (model: Model, name: string) =>
    [...model.graph.initializers].find(([v]) => v.name === name)![1].data as Float32Array;
  for (const name of ["fc1.weight", "fc2.bias"]) expect(data(end, name)).toEqual(data(start, name));
  expect(data(end, "fc3.bias")).not.toEqual(data(start, "fc3.bias"));

  const args = "factorize frozen/model.onnx cut.onnx --keep 0.2 --freeze fc1.weight,nothing";
  expect((await asked(...args.split(" "))).stderr).toContain("freeze matches no parameter");
});

test.each([
  ["--epochs 4 --milestones 3 --c 0.01 --lambda 0.5", /not exactly of the ranks.*Train more epochs after c = 1/],
  ["--epochs 1 --optimizer prox-sgd --lambda 1e-9", /no layer gets smaller at the ranks that are left/],
])("the nuclear norm says why no layer was split: %s", async (flags, note) => {
  const base = "train --model logistic --data digits --limit-train 300 --penalty nuclear --threads 1 --overwrite";
  const { status, stderr } = await espalier(...`${base} ${flags} --out nuclear`.split(" "));
  expect([status, stderr]).toEqual([0, expect.stringMatching(note)]);
});

test("a model from a file is composed without changing its function", async () => {
  const flags = "--data digits --limit-train 200 --epochs 1 --lr 1e-9 --weight-decay 0 --threads 1".split(" ");
  await espalier("train", "--model", "logistic", ...flags, "--optimizer", "sgd", "--lr", "0.1", "--out", "start");
  const { status, stderr } = await espalier(
    ...["train", "--model", "start/model.onnx", ...flags, "--lorita", "3", "--out", "again"],
    ...["--rank-rule", "local", "--rank-keep", "1"],
  );
  expect(status, stderr).toBe(0);
  const same = await asked("verify", "start/model.onnx", "again/model.onnx", "--tolerance", "1e-4");
  expect(same.stdout).toContain("agree");
});

describe("wrong usage exits with 2 and names what is right", () => {
  test.concurrent.each<[string, string[], RegExp]>([
    ["local without a share", [...TRAIN, "--rank-rule", "local"], /wanted +--rank-keep\n +fix .*--rank-rule iterative/],
    [
      "a share for the iterative rule",
      [...TRAIN, "--lorita", "2", "--rank-keep", "0.5"],
      /rank-keep is for +local, global/,
    ],
    ["a share without a rule", [...TRAIN, "--rank-keep", "0.5"], /a run without a rank-rule has no rank-keep/],
    ["layers without lorita", [...TRAIN, "--lorita-layers", "fc1.weight"], /a run without lorita composes no layers/],
    [
      "relative for another rule",
      ["factorize", "a.onnx", "b.onnx", "--rule", "local", "--keep", "0.5", "--relative", "none"],
      /got +--relative none/,
    ],
    ["no maps", [...TRAIN, "--lorita", "0"], /wanted +an integer ≥ 1/],
    [
      "two aims",
      [...TRAIN, "--rank-rule", "iterative", "--optimizer", "rmda", "--target-params", "0.1"],
      /exclude each/,
    ],
    ["factorize without a share", ["factorize", "a.onnx", "b.onnx"], /wanted +--keep\n +fix .*--rule iterative/],
    ["iterative without data", ["factorize", "a.onnx", "b.onnx", "--rule", "iterative"], /wanted +--data/],
    [
      "fine-tuning without data",
      ["factorize", "a.onnx", "b.onnx", "--keep", "0.5", "--fine-tune", "1"],
      /wanted +--data/,
    ],
    ["rule", ["factorize", "a.onnx", "b.onnx", "--rule", "globl"], /wanted +local, global, iterative/],
  ])("%s", async (_, args, said) => {
    const { status, stdout, stderr } = await asked(...args);
    expect(stderr).toMatch(said);
    expect([status, stdout]).toEqual([2, ""]);
  });

  test("factorize --help shows options and examples", async () => {
    const { status, stdout } = await asked("factorize", "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ espalier factorize/);
  });
});

describe.skipIf(process.platform === "win32")("a run that was stopped ends with the same bytes", () => {
  const model = "train --model logistic --data digits --limit-train 300 --epochs 12 --threads 1".split(" ");
  const flags = [...model, ..."--lorita 2 --rank-rule global --rank-keep 0.3 --fine-tune 20 --json --out".split(" ")];
  beforeAll(async () => {
    const whole = await espalier(...flags, "whole");
    expect(whole.status, whole.stderr).toBe(0);
  });

  /** Starts a run and interrupts it when it says something. */
  async function stopAt(out: string, sign: string, args: readonly string[] = [...flags, out]) {
    const { status, stdout, stderr } = await interrupted(sign, ...args);
    expect([status, existsSync(at(out, "small.onnx"))], stderr).toEqual([130, false]);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, resume: expect.stringContaining("--resume") });
  }
  async function goOn(out: string): Promise<string> {
    const resumed = await espalier("train", "--resume", "--out", out);
    expect(resumed.status, resumed.stderr).toBe(0);
    for (const name of ["model.onnx", "truncated.onnx", "small.onnx"])
      expect(await readFile(at(out, name)), name).toEqual(await readFile(at("whole", name)));
    return resumed.stdout;
  }

  test("in training", async () => {
    await stopAt("trained", "epoch  2/12");
    await goOn("trained");
  });

  test("in fine-tuning, with the ranks that were chosen", async () => {
    await stopAt("tuned", "fine-tuning epoch 1/20");
    expect(await goOn("tuned")).toContain("going on with the ranks that were chosen");
  });

  test("in fine-tuning, when its ranks are lost: they are chosen again, and it starts afresh", async () => {
    await stopAt("lost", "fine-tuning epoch 1/20");
    const ranks = await json("lost", "ranks.json");
    await writeFile(at("lost", "ranks.json"), JSON.stringify({ ...ranks, ranks: { "fc1.weight": 99 } }));
    expect(await goOn("lost")).not.toContain("going on with the ranks");
  });

  test("factorize writes nothing when it is stopped", async () => {
    const args = "factorize whole/model.onnx stopped.onnx --rule global --keep 0.3 --data digits --fine-tune 50".split(
      " ",
    );
    const { status, stdout, stderr } = await interrupted("fine-tuning epoch 1/50", ...args, "--threads", "1");
    expect([status, stdout], stderr).toEqual([130, expect.stringContaining("stopped; nothing was written")]);
    expect(existsSync(at("stopped.onnx"))).toBe(false);
  });

  test("in fine-tuning of a comparison", async () => {
    const settings = { model: "logistic", data: "digits", limitTrain: 300, epochs: 12, threads: 1, lorita: 2 };
    const ranks = { rankRule: "global", rankKeep: 0.3, fineTune: 20 };
    await writeFile(at("c.yaml"), JSON.stringify({ ...settings, ...ranks, seeds: [1], methods: { low: {} } }));
    const compare = "compare --config c.yaml --out compared --json".split(" ");
    await stopAt("compared/low/seed-1", "fine-tuning epoch 1/20", compare);
    const resumed = await espalier("compare", "--resume", "--out", "compared");
    expect(resumed.status, resumed.stderr).toBe(0);
    const small = (run: string) => readFile(at(run, "small.onnx"));
    expect(await small("compared/low/seed-1")).toEqual(await small("whole"));
  });
});
