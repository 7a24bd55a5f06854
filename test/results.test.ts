/** Results say which commit and command made them, and no page is written from one that was edited, drafted or made otherwise. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { committed } from "../experiments/committed.ts";
import { joinedCommits } from "../experiments/joined-commits.ts";
import { performancePage } from "../experiments/performance-page.ts";
import { commandOf } from "../experiments/provenance.ts";
import { type Begin, begin, common } from "../experiments/record.ts";
import { resultsPage } from "../experiments/results-page.ts";
import { hashOf } from "../experiments/seal.ts";

const here = resolve(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(here, path), "utf8");
const again = "write it anew: node dist/experiments/results-doc.js";

test("docs/results.md and docs/performance.md are those of the committed JSON", () => {
  expect(read("docs/results.md") === resultsPage(here), again).toBe(true);
  expect(read("docs/performance.md") === performancePage(here), again).toBe(true);
});

test("a commit is said to be joined into another only where a result was recorded at it", () => {
  const recorded = ["bench/results", "experiments/results", "campaign/results"]
    .flatMap((folder) => readdirSync(join(here, folder)).map((file) => read(join(folder, file))))
    .join();
  for (const joined of Object.keys(joinedCommits)) expect(recorded).toContain(`"commit": "${joined}`);
});

/** A clone with one source, built, in which lenet-mnist can be recorded. */
let root: string;
const path = "experiments/results/lenet-mnist.json";
const command = "node dist/experiments/lenet-mnist.js";
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@localhost", ...args], {
    cwd: root,
    encoding: "utf8",
  }).trim();
const put = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};
const build = () => put("dist/experiments/lenet-mnist.js", "");
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "espalier-results-"));
  git("init", "--quiet");
  put(".gitignore", "dist/\nruns/\n");
  put("experiments/lenet-mnist.ts", "// an experiment");
  git("add", ".");
  git("commit", "--quiet", "--message", "An experiment");
  build();
});
afterEach(() => rmSync(root, { recursive: true }));

const start = (args: readonly string[] = [], options: Partial<Begin> = {}) =>
  begin({
    name: "lenet-mnist",
    root,
    argv: ["node", join(root, "dist/experiments/lenet-mnist.js"), ...args],
    ...options,
  });
const content = { settings: { model: "lenet5", seed: 1 }, rows: [{ lambda: 5e-4, testAccuracy: 0.9875 }] };
const record = async (args?: readonly string[]) =>
  await start(args).write({ name: "onnxruntime-node", version: "1.30.0" }, content);
const edit = (change: (text: string) => string) => put(path, change(readFileSync(join(root, path), "utf8")));
/** What a page says when it refuses. */
const refusal = () => {
  try {
    committed(path, command, root);
  } catch (e) {
    return (e as Error).message;
  }
  return undefined;
};

test("a result carries commit, command, seed, machine and time, and its rows their commit", async () => {
  await record(["--data-root", "/somewhere", "--wait=0"]);
  const head = git("rev-parse", "HEAD");
  const result = committed<{ testAccuracy: number }>(path, command, root)!;
  expect(result).toMatchObject({ command, commit: head, settings: content.settings });
  expect(result.rows).toEqual([{ ...content.rows[0], commit: head }]);
  expect(Object.keys(result.machine)).toEqual(["cpu", "cores", "platform", "node", "runtime"]);
  expect(result.seconds).toBeGreaterThanOrEqual(0);
  expect(result.origin).toContain(`\`${command}\` at commit \`${head.slice(0, 7)}\``);
});

test("a figure that was edited by hand is refused", async () => {
  await record();
  expect(refusal()).toBeUndefined();
  edit((text) => text.replace("0.9875", "0.9975"));
  expect(refusal()).toMatchInlineSnapshot(`
    "experiments/results/lenet-mnist.json was changed after it was written: its seal does not match.
    Run it again whole, at a clean commit: node dist/experiments/lenet-mnist.js"
  `);
});

test("a row that was moved from another result is refused", async () => {
  await record();
  edit((text) => {
    const result = JSON.parse(text);
    return JSON.stringify({ ...result, rows: [...result.rows, { lambda: 1e-3, testAccuracy: 0.98 }] });
  });
  expect(refusal()).toContain("was changed after it was written");
});

test("a result whose seal was taken off is refused", async () => {
  await record();
  edit((text) => JSON.stringify({ ...JSON.parse(text), seal: undefined }));
  expect(refusal()).toMatchInlineSnapshot(`
    "experiments/results/lenet-mnist.json carries no seal: nothing says which command wrote it.
    Run it again whole, at a clean commit: node dist/experiments/lenet-mnist.js"
  `);
});

test("the result of another command is refused", async () => {
  await record(["--lambdas", "5e-4"]);
  expect(refusal()).toMatchInlineSnapshot(`
    "experiments/results/lenet-mnist.json was written by \`node dist/experiments/lenet-mnist.js --lambdas 5e-4\`, not by the command that the page names.
    Run it again whole, at a clean commit: node dist/experiments/lenet-mnist.js"
  `);
});

test("a result from before there were commits is shown as it was committed, and edited it is refused", () => {
  const old = JSON.stringify({ command, machine: { cpu: "a processor", cores: 2, node: "v20.0.0" }, ...content });
  put(path, old);
  const show = () => committed(path, command, root, { [path]: { seen: "c0debd1", sha256: hashOf(old) } })!;
  expect(show().origin).toContain("Recorded before results carried their commit, first seen in `c0debd1`. a processor");
  put(path, old.replace("0.9875", "0.9975"));
  expect(show).toThrow("carries no seal");
});

test("sources that are not committed make a draft, which goes to runs/ and which no page shows", async () => {
  put("experiments/lenet-mnist.ts", "// another experiment");
  build();
  expect(() => start()).toThrow("experiments/lenet-mnist.ts is not as committed");
  const draft = start([], { draft: true });
  await draft.write(["onnxruntime-node 1.30.0"], content);
  expect(committed(path, command, root)).toBeUndefined();
  put(path, readFileSync(join(draft.folder, "lenet-mnist.json"), "utf8"));
  expect(refusal()).toContain("is a draft: its sources were not those of a commit");
});

test("a source file that nobody added makes a draft, results that were written meanwhile do not", async () => {
  await record();
  expect(() => start()).not.toThrow();
  put("src/new.ts", "");
  put("dist/src/new.js", "");
  expect(() => start()).toThrow("src/ is not as committed");
});

test("a build that is older than its source makes a draft", () => {
  utimesSync(join(root, "dist/experiments/lenet-mnist.js"), 1, 1);
  expect(() => start()).toThrow("experiments/lenet-mnist.ts is newer than its build");
});

test("without a commit nothing is recorded", () => {
  rmSync(join(root, ".git"), { recursive: true });
  expect(() => start()).toThrow("no clone with git at hand");
});

test("flags that change no figure are left out of the command", () => {
  const argv = (...args: string[]) => ["node", join(root, "dist/bench/step.js"), ...args];
  const apart = { ...common, python: { type: "string" } } as const;
  expect(
    commandOf(root, argv("lenet5", "--python", "/a/python", "--rounds", "3", "--draft", "--epochs=2"), apart),
  ).toBe("node dist/bench/step.js lenet5 --rounds 3 --epochs 2");
});
