/** `espalier compare` as a user runs it: runs side by side, one that fails, Ctrl-C and --resume, mistakes. */
import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Ran } from "./support/command-line.ts";

const { espalier, asked, interrupted, at, json } = commandLine();
const compare = (...args: string[]) => espalier("compare", ...args);
const refused = (...args: string[]) => asked("compare", ...args);
const config = async (name: string, text: string) => {
  await writeFile(at(name), text);
  return ["--config", name];
};
/** What must not change when a comparison goes on: bytes by their length and time. */
const stamps = async (...parts: string[]) =>
  Promise.all(
    (await readdir(at(...parts))).sort().map(async (name) => {
      const { size, mtimeMs } = await stat(at(...parts, name));
      return [name, size, mtimeMs];
    }),
  );

const SHARED = "model: logistic\ndata: digits\nlimit-train: 300\nthreads: 1\n";
const SPARSE = "{ optimizer: prox-sgd, groups: input-channel, lambda: 0.01 }";
const TWO = `${SHARED}epochs: 2\nseeds: [1, 2]\nout: a
methods:
  dense SGD: { optimizer: sgd, momentum: 0.9, penalty: null }
  ProxSGD: ${SPARSE}
`;
const DIVERGING = "  too fast: { optimizer: sgd, lr: 1e38 }\n";

describe("two methods, two seeds, and one method that diverges", () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await compare(...(await config("two.yaml", TWO + DIVERGING)), "--json");
  });

  test("every run has its directory, the failed ones do not stop the rest, the status says so", async () => {
    expect(ran.status, ran.stderr).toBe(1);
    for (const run of ["dense-sgd/seed-1", "dense-sgd/seed-2", "proxsgd/seed-1", "proxsgd/seed-2"])
      for (const name of [
        "run.json",
        "metrics.jsonl",
        "checkpoint.safetensors",
        "summary.json",
        "small.onnx",
        "report.html",
      ])
        expect(existsSync(at("a", run, name)), `${run}/${name}`).toBe(true);
    const document = JSON.parse(ran.stdout);
    const failed = document.runs.filter((r: { error?: string }) => r.error);
    expect(failed).toMatchObject([
      { method: "too fast", seed: 1, error: expect.stringContaining("diverged") },
      { method: "too fast", seed: 2 },
    ]);
    expect(existsSync(at("a", "too-fast", "seed-1", "summary.json"))).toBe(false);
    expect(ran.stderr).toMatch(/run 2 of 6: ProxSGD, seed 1 .*left/);
  });

  test("the means are those of the summaries", async () => {
    const { methods } = await json("a", "compare.json");
    expect(
      methods.map((m: { method: string; finished: number; failed: number }) => [m.method, m.finished, m.failed]),
    ).toEqual([
      ["dense SGD", 2, 0],
      ["ProxSGD", 2, 0],
      ["too fast", 0, 2],
    ]);
    const [a, b] = [await json("a/proxsgd/seed-1/summary.json"), await json("a/proxsgd/seed-2/summary.json")];
    const { groupSparsity, accuracy } = methods[1].figures;
    expect(a.groupSparsity).toBeGreaterThan(0);
    expect(a.groupSparsity).not.toBe(b.groupSparsity);
    expect(groupSparsity.mean).toBeCloseTo((a.groupSparsity + b.groupSparsity) / 2, 12);
    expect(groupSparsity.std).toBeCloseTo(Math.abs(a.groupSparsity - b.groupSparsity) / Math.SQRT2, 12);
    expect(accuracy.n).toBe(2);
    expect(methods[2].figures.accuracy).toBeNull();
  });

  test("tables and charts lie beside the runs", async () => {
    const markdown = await readFile(at("a", "compare.md"), "utf8");
    expect(markdown).toContain("3 methods × 2 seeds: 4 of 6 runs finished, 2 failed.");
    const charts = [...markdown.matchAll(/\]\(([^)]*\.svg)\)/g)].map(([, name]) => name);
    expect(charts).toHaveLength(6);
    for (const name of charts) expect(await readFile(at("a", name), "utf8")).toContain("ProxSGD");
    expect((await readFile(at("a", "compare.csv"), "utf8")).split("\n")[1]).toMatch(/^dense SGD,2,0,0,0\.\d+/);
    const page = await readFile(at("a", "compare.html"), "utf8");
    expect(page).toContain('href="proxsgd/seed-2/report.html"');
    expect(page).toContain("training diverged");
  });

  test("it is not written over unasked; a finished run of other settings is not gone on with", async () => {
    const again = await refused("--config", "two.yaml");
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("--overwrite")]);
    const other = await refused("--config", "two.yaml", "--resume", "--set", "epochs=3");
    expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/other settings than before: epochs\n/)]);
  });

  test("--resume retries what failed, with new settings if it has some, and touches nothing else", async () => {
    const before = await stamps("a", "proxsgd", "seed-1");
    const mended = await config("mended.yaml", TWO + DIVERGING.replace("1e38", "0.1"));
    const { status, stdout, stderr } = await compare(...mended, "--resume");
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("4 finished already");
    expect(stdout).toMatch(/runs finished +2 of 2 +2 of 2 +2 of 2/);
    expect(await stamps("a", "proxsgd", "seed-1")).toEqual(before);
    const settled = await compare("--resume", "--out", "a", "--json");
    expect([settled.status, JSON.parse(settled.stdout).runs.length]).toEqual([0, 6]);
  });

  test("--overwrite starts afresh and leaves nothing of the methods that are gone", async () => {
    const one = await config("one.yaml", TWO.replace(/ {2}dense.*\n/, "").replace("[1, 2]", "[3]"));
    const { status, stderr } = await compare(...one, "--overwrite");
    expect(status, stderr).toBe(0);
    expect((await readdir(at("a"))).filter((name) => !name.includes("."))).toEqual(["proxsgd"]);
    expect(await readdir(at("a", "proxsgd"))).toEqual(["seed-3"]);
  });
});

test.skipIf(process.platform === "win32")(
  "Ctrl-C leaves a checkpoint in the run it stops; --resume goes on there and leaves the finished runs alone",
  async () => {
    const methods = `methods:\n  short: { epochs: 2, optimizer: sgd }\n  long: { epochs: 150, optimizer: sgd }\n`;
    const long = await config("long.yaml", `${SHARED}out: c\n${methods}`);
    const { status, stdout } = await interrupted("epoch   3/150", "compare", ...long);
    expect([status, stdout]).toEqual([130, expect.stringContaining("npx espalier compare --resume --out c")]);
    expect(existsSync(at("c", "long", "seed-1", "checkpoint.safetensors"))).toBe(true);
    expect(existsSync(at("c", "long", "seed-1", "summary.json"))).toBe(false);

    const before = await stamps("c", "short", "seed-1");
    const resumed = await compare("--resume", "--out", "c", "--json");
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain("going on in epoch");
    expect(await stamps("c", "short", "seed-1")).toEqual(before);
    const { runs } = JSON.parse(resumed.stdout);
    expect(runs.map((r: { summary: { epochs: number } }) => r.summary.epochs)).toEqual([2, 150]);
  },
);

describe("mistakes are said before anything is trained", () => {
  const methods = (text: string) => `${SHARED}out: wrong\nmethods:\n${text}`;
  test.concurrent.each<[string, string, RegExp]>([
    ["empty methods", `${SHARED}methods: {}\n`, /methods cannot be {}/],
    ["no seeds", `seeds: []\n${methods("  a: {}\n")}`, /seeds cannot be \[\]\n[\s\S]*different integers, at least one/],
    ["a seed twice", `seeds: [1, 1]\n${methods("  a: {}\n")}`, /seeds cannot be \[1,1\]/],
    ["a seed", `seed: 1\n${methods("  a: {}\n")}`, /did you mean seeds/],
    [
      "unknown key in the last method",
      methods("  a: { optimizer: sgd }\n  b: { lamda: 1 }\n"),
      /no setting "lamda"\n +where +.*\.yaml: methods\.b\.lamda\n +fix +did you mean lambda/,
    ],
    [
      "a setting of another optimizer in the last method",
      methods("  a: { optimizer: sgd }\n  b: { optimizer: rmda, momentum: 0.9 }\n"),
      /rmda has no momentum\n +where +.*methods\.b\n[\s\S]*use --c/,
    ],
    [
      "milestone beyond the end",
      methods("  a: { milestones: [90] }\n"),
      /beyond the last epoch\n +where +.*methods\.a/,
    ],
  ])("%s", async (name, text, said) => {
    const { status, stdout, stderr } = await refused(...(await config(`${name.replaceAll(" ", "-")}.yaml`, text)));
    expect(stderr).toMatch(said);
    expect([status, stdout]).toEqual([2, ""]);
    expect(existsSync(at("wrong"))).toBe(false);
  });

  test.concurrent.each<[string, string[], RegExp]>([
    ["no configuration", [], /wanted +--config/],
    ["resume without a place", ["--resume"], /wanted +--out/],
    ["resume where nothing is", ["--resume", "--out", "nowhere"], /there is no comparison in nowhere/],
    ["both at once", ["--resume", "--overwrite", "--out", "x"], /exclude each other/],
    ["a flag of train", ["--lambda", "1"], /has no option --lambda/],
  ])("%s", async (_, args, said) => {
    const { status, stderr } = await refused(...args);
    expect([status, stderr]).toEqual([2, expect.stringMatching(said)]);
  });
});
