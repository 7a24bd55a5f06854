/** Small runs of `train`, undisturbed ones to compare with, and whether a disturbed one came to the same. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, espalier } from "./command-line.ts";
import { WrongResult } from "./suite.ts";

const digits = (text: string): readonly string[] => ["train", "--data", "digits", "--threads", "1", ...text.split(" ")];

/** Runs of a few seconds, in which different things can be lost. */
export const runs = {
  rmda: digits(
    "--model logistic --limit-train 600 --epochs 5 --batch-size 8 --optimizer rmda --groups input-channel --lambda 2e-3 --milestones 2,3",
  ),
  accumulate: digits(
    "--model lenet5-small --limit-train 400 --epochs 3 --batch-size 40 --accumulate 3 --optimizer adam --lr 2e-3",
  ),
  proxSgd: digits(
    "--model logistic --limit-train 400 --epochs 4 --batch-size 8 --optimizer prox-sgd --groups input-channel --lr 0.05",
  ),
  rigl: digits("--model lenet5-small --limit-train 300 --epochs 3 --batch-size 32 --optimizer rigl --update-every 3"),
  hspg: digits(
    "--model lenet5-small --limit-train 300 --epochs 3 --batch-size 32 --optimizer hspg --switch-epoch 1 --lambda 1e-2",
  ),
  fineTuned: digits(
    "--model logistic --limit-train 300 --val-split 0.2 --epochs 3 --batch-size 16 --lorita 2 --rank-rule local --rank-keep 0.5 --fine-tune 2",
  ),
  target: digits(
    "--model logistic --limit-train 300 --epochs 2 --batch-size 16 --optimizer rmda --groups input-channel --target-params 0.5 --target-search",
  ),
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type RunName = keyof typeof runs;

export interface Reference {
  readonly folder: string;
  /** How long it took. */
  readonly ms: number;
}

/** The run left alone, done once. */
export async function undisturbed(shared: string, name: RunName): Promise<Reference> {
  const [folder, time] = [join(shared, name), join(shared, `${name}.ms`)];
  if (!existsSync(time)) {
    mkdirSync(shared, { recursive: true });
    const { status, stderr, ms } = await espalier([...runs[name], "--overwrite", "--out", folder]);
    if (status !== 0) throw new WrongResult(`the run ${name}, left alone, ended with ${status}\n${stderr}`);
    writeFileSync(`${time}.new`, String(ms));
    renameSync(`${time}.new`, time);
  }
  return { folder, ms: Number(readFileSync(time, "utf8")) };
}

/** Starts the run in a folder, or goes on with what is there. */
export const goOn = (name: RunName, folder: string, stops: Parameters<typeof espalier>[1] = {}): Promise<Ended> =>
  espalier([...runs[name], "--resume", "--out", folder], stops);

/** Files that must hold the same bytes. The others say how long things took. */
const SAME = ["model.onnx", "truncated.onnx", "small.onnx", "certificate.json"];

/** @throws WrongResult when files are missing, too many or different */
export function checkSameRun(got: string, wanted: string, how: string): void {
  const files = (folder: string) =>
    readdirSync(folder)
      .filter((f) => !/^\.|\.lock$/.test(f))
      .sort()
      .join(", ");
  if (files(got) !== files(wanted))
    throw new WrongResult(`${how}: it left ${files(got)}, undisturbed ${files(wanted)}`);
  for (const file of SAME.filter((f) => existsSync(join(wanted, f))))
    if (!readFileSync(join(got, file)).equals(readFileSync(join(wanted, file))))
      throw new WrongResult(`${how}: ${file} differs`);
  const untimed = (folder: string) =>
    readFileSync(join(folder, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.stringify({ ...JSON.parse(line), seconds: 0, msPerStep: 0, statisticsSeconds: 0 }))
      .join("\n");
  if (untimed(got) !== untimed(wanted)) throw new WrongResult(`${how}: metrics.jsonl differs`);
}
