/**
 * `--device webgpu`: the case suite, training beside the CPU, the command line. Needs a GPU, or the one made of software that
 * `node scripts/software-gpu.mjs` gets; without either it is left out, and says so.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { constant, digits, groupLasso, models, rmda, train, write } from "espalier";
import { node } from "espalier/node";
import { describe, expect, test } from "vitest";
import { identity } from "../src/engine/identity.ts";
import { commandLine } from "./support/command-line.ts";
import { engineSuite } from "./support/engine-suite.ts";
import { formulationSuite } from "./support/formulation-suite.ts";

/** Why there is no WebGPU here; undefined when there is. */
async function absence(): Promise<string | undefined> {
  try {
    await (await node({ device: "webgpu" }).load(identity("float32"))).release();
    return undefined;
  } catch (e) {
    return /Failed to get a WebGPU adapter.*/.exec((e as Error).message)?.[0] ?? (e as Error).message;
  }
}
const missing = await absence();
/** The driver that the environment chose. */
const driver = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;

const unchosen = driver ? "" : " (left out: VK_ICD_FILENAMES names none; node scripts/software-gpu.mjs gets one)";
test.skipIf(!driver)(`a driver that was chosen works${unchosen}`, () => {
  expect(driver!.split(":").filter((file) => !existsSync(file))).toEqual([]);
  expect(missing).toBeUndefined();
});

describe.skipIf(missing)(missing ? `WebGPU (left out: ${missing})` : "WebGPU", () => {
  engineSuite("onnxruntime-node", () => node({ threads: 1, device: "webgpu" }), {
    "carries bfloat16": "onnxruntime-node 1.30 refuses models with bfloat16 inputs",
  });

  describe("formulations", () =>
    formulationSuite(node({ threads: 1 }), () => node({ threads: 1, device: "webgpu" }), 9));

  test("lenet5-small trains as on the CPU", async () => {
    const [cpu, gpu] = [await trained("cpu"), await trained("webgpu")];
    expect(cpu.zeros).toBeGreaterThan(0); // there is structure to agree on
    expect(gpu.zeros).toBe(cpu.zeros);
    expect(gpu.losses).toHaveLength(4);
    for (const [i, loss] of gpu.losses.entries())
      expect(Math.abs(loss - cpu.losses[i]) / cpu.losses[i]).toBeLessThan(1e-5);
    for (const [name, values] of gpu.weights) {
      const wanted = cpu.weights.get(name)!;
      const largest = wanted.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
      const apart = values.reduce((m, x, i) => Math.max(m, Math.abs(x - wanted[i])), 0);
      expect(apart, name).toBeLessThanOrEqual(1e-4 * largest);
    }
  });

  describe("the command line", () => {
    const { espalier, interrupted, at } = commandLine();
    const train =
      "train --model logistic --groups input-channel --data digits --limit-train 64 --batch-size 32 --epochs 9999 --threads 1".split(
        " ",
      );
    const first = async (run: string) => JSON.parse((await readFile(at(run, "metrics.jsonl"), "utf8")).split("\n")[0]);

    test("trains as on the CPU, and verifies", async () => {
      for (const device of ["cpu", "webgpu"]) {
        const { status, stderr } = await interrupted("1/9999", ...train, "--device", device, "--out", device);
        expect(status, stderr).toBe(130);
      }
      expect(JSON.parse(await readFile(at("webgpu", "run.json"), "utf8"))).toMatchObject({
        environment: { device: "webgpu" },
      });
      const [cpu, gpu] = [await first("cpu"), await first("webgpu")];
      expect(Math.abs(gpu.loss - cpu.loss) / cpu.loss).toBeLessThan(1e-5);
      expect(Math.abs(gpu.testLoss - cpu.testLoss) / cpu.testLoss).toBeLessThan(1e-5);
      await writeFile(at("model.onnx"), write(models.lenet5Small({ seed: 1 })));
      const verified = await espalier(
        "verify",
        "model.onnx",
        "model.onnx",
        "--device",
        "webgpu",
        "--random",
        "1",
        "--json",
      );
      expect(JSON.parse(verified.stdout)).toMatchObject({ agree: true, runs: 2 });
    });
  });
});

/** Two epochs of three steps. */
async function trained(device: "cpu" | "webgpu") {
  const engine = node({ threads: 1, device });
  const run = train(models.lenet5Small({ seed: 1 }), digits({ train: 24, test: 10 }), {
    engine,
    optimizer: rmda({ c: 0.5 }),
    schedule: constant({ lr: 0.2 }),
    penalty: groupLasso({ lambda: 0.05, groups: "inputChannel" }),
    epochs: 2,
    batchSize: 8,
    seed: 1,
  });
  const losses: number[] = [];
  for await (const { loss, testLoss } of run) losses.push(loss, testLoss!);
  await engine.release();
  const { graph } = run.model;
  const weights = new Map([...graph.initializers].map(([{ name }, { data }]) => [name, data as Float32Array]));
  return { losses, weights, zeros: [...weights.values()].flatMap((w) => [...w]).filter((x) => x === 0).length };
}
