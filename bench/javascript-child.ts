/**
 * A training step in another framework for JavaScript, timed on command; started by javascript.ts, since such a step can take minutes
 * and knows no interruption. Says {"version", "loss"} after the first step, then for every line "N" runs N steps and says {"ms", "loss"}.
 */
import { createInterface } from "node:readline";
import type { FrameworkStep, FrameworkTask } from "./framework.ts";
import { jaxJs } from "./jax-js.ts";
import { tensorFlow } from "./tensorflow-js.ts";

const frameworks: Readonly<Record<string, (task: FrameworkTask) => Promise<FrameworkStep>>> = {
  "tfjs-cpu": (task) => tensorFlow(task, "cpu"),
  "tfjs-wasm": (task) => tensorFlow(task, "wasm"),
  "jax-js": (task) => jaxJs(task, "wasm"),
};

console.log = console.error; // a framework's greeting is no answer
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);

try {
  const task: FrameworkTask = JSON.parse(process.argv[2]);
  const { version, once } = await frameworks[task.framework](task);
  say({ version, loss: await once() });
  for await (const line of createInterface({ input: process.stdin })) {
    const steps = Number(line);
    const start = performance.now();
    let loss = Number.NaN;
    for (let i = 0; i < steps; i++) loss = await once();
    say({ ms: (performance.now() - start) / steps, loss });
  }
} catch (error) {
  say({ error: (error as Error).message.split("\n")[0] });
  process.exitCode = 1;
}
