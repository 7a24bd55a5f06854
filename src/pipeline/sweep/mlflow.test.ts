/** Runs of MLflow, on a server of a few lines that keeps what its interface says of them. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SweepResult } from "../../report/sweep.ts";
import { logToMlflow } from "./mlflow.ts";

interface Kept {
  readonly info: { readonly run_id: string; status: string; start_time: number; end_time?: number };
  readonly tags: { readonly key: string; readonly value: string }[];
  readonly metrics: { readonly key: string; readonly value: number; readonly step: number }[];
  readonly params: { readonly key: string; readonly value: string }[];
}
let experiment: string | undefined;
const runs: Kept[] = [];
let failing = 0;

const NOT_FOUND = { error_code: "RESOURCE_DOES_NOT_EXIST", message: "no" };

// biome-ignore lint/suspicious/noExplicitAny: what a request says
function answered(path: string, body: any): [number, object] {
  if (path.startsWith("experiments/get-by-name"))
    return experiment ? [200, { experiment: { experiment_id: "7" } }] : [404, NOT_FOUND];
  if (path === "experiments/create") {
    experiment = body.name;
    return [200, { experiment_id: "7" }];
  }
  if (path === "runs/search") {
    const key = /^tags\.`espalier\.trial` = '(\w+)'$/.exec(body.filter)?.[1];
    const found = runs.filter((r) => r.tags.some((t) => t.key === "espalier.trial" && t.value === key));
    return [200, found.length > 0 ? { runs: found } : {}];
  }
  if (path === "runs/create") {
    const info = { run_id: `r${runs.length}`, status: "RUNNING", start_time: body.start_time };
    const run = { info, tags: body.tags, metrics: [], params: [] };
    runs.push(run);
    return [200, { run }];
  }
  const run = runs.find((r) => r.info.run_id === body.run_id);
  if (!run) return [404, NOT_FOUND];
  if (path === "runs/log-batch") {
    if ((body.metrics?.length ?? 0) > 1000 || failing-- === 1)
      return [500, { error_code: "INTERNAL_ERROR", message: "broken" }];
    run.metrics.push(...(body.metrics ?? []));
    run.params.push(...(body.params ?? []));
  } else if (path === "runs/update") Object.assign(run.info, { status: body.status, end_time: body.end_time });
  else return [404, { error_code: "ENDPOINT_NOT_FOUND" }];
  return [200, {}];
}

let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const path = request.url?.replace("/api/2.0/mlflow/", "") ?? "";
    const [status, said] = answered(path, text ? JSON.parse(text) : {});
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

const sparsity = { groupSparsity: 0, weightedGroupSparsity: 0 };
const epochs = [1, 2].map((epoch) => ({
  ...sparsity,
  ...{
    epoch,
    loss: 1 / epoch,
    accuracy: 0.5,
    testLoss: 1,
    testAccuracy: 0.5,
    elementSparsity: 0,
    inputChannel: sparsity,
  },
  ...{ patternChanges: 0, lr: 0.1, seconds: 2, msPerStep: 1 },
}));
const trial = { values: { lr: 0.1, way: "A", of: [1] }, epochs };
const result: SweepResult = {
  ...{ title: "lenet5 on digits", objectives: ["accuracy"], planned: 3, rungs: [1], front: [0], complete: false },
  ...{ config: {}, environment: {} },
  trials: [
    { ...trial, number: 0, folder: "trials/aa", state: "finished", figures: { accuracy: 0.9 } },
    { ...trial, number: 1, folder: "trials/bb", state: "stopped early" },
    { ...trial, number: 2, folder: "trials/cc", state: "begun" },
  ],
};

test("trials that are over become runs, once, whatever was broken off", async () => {
  failing = 2; // the second batch of the first run
  await expect(logToMlflow(result, { url })).rejects.toThrow(/MLflow did not take it[\s\S]*500 broken/);
  expect(runs.map((r) => r.info.status)).toEqual(["RUNNING"]);
  expect(await logToMlflow(result, { url })).toEqual({ made: 2, there: 0 });
  expect(await logToMlflow(result, { url })).toEqual({ made: 0, there: 2 });
  expect([experiment, runs.length]).toEqual(["lenet5 on digits", 2]);
  const [first, second] = runs;
  expect([first.info.status, second.info.status]).toEqual(["FINISHED", "KILLED"]);
  expect(first.params.slice(-3)).toEqual([
    { key: "lr", value: "0.1" },
    { key: "way", value: "A" },
    { key: "of", value: "[1]" },
  ]);
  expect(first.metrics.filter((m) => m.key === "loss").map((m) => [m.step, m.value])).toEqual([
    [1, 1],
    [2, 0.5],
  ]);
  expect(first.metrics.at(-1)).toMatchObject({ key: "objective.accuracy", value: 0.9, step: 2 });
  expect(first.info.end_time! - first.info.start_time).toBe(4000);
});

test("no server, no address", async () => {
  await expect(logToMlflow(result, { url: "localhost:5000" })).rejects.toThrow("there is no such address");
  await expect(logToMlflow(result, { url: "http://127.0.0.1:1" })).rejects.toThrow("MLflow did not take it");
});
