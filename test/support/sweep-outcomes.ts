/** What of a sweep no clock has touched: its trials, its front, the epochs of each as they were counted, the bytes of its models. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

async function hashOf(path: string): Promise<string> {
  if (!existsSync(path)) return "none";
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** The numbers of the epochs of a run, in the order they were written; counted twice, one would stand there twice. */
export async function metricsOf(folder: string): Promise<number[]> {
  const path = join(folder, "metrics.jsonl");
  const text = existsSync(path) ? await readFile(path, "utf8") : "";
  const whole = text.split("\n").slice(0, -1); // the last line may be on its way
  return whole.map((line) => JSON.parse(line).epoch);
}

/** @param folder of the sweep */
export async function sweepOutcomes(folder: string) {
  const { trials, front, complete } = JSON.parse(await readFile(join(folder, "sweep.json"), "utf8"));
  const folders = (await readdir(join(folder, "trials"))).sort();
  const files = folders.map(async (key) => {
    const own = join(folder, "trials", key);
    const hashes = ["model.onnx", "small.onnx", "certificate.json"].map((name) => hashOf(join(own, name)));
    return [key, await metricsOf(own), ...(await Promise.all(hashes))];
  });
  return { trials, front, complete, files: await Promise.all(files) };
}
