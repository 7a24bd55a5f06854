/** `espalier worker`: makes trials that come through a queue, on any number of machines that see the sweep's directory. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { UsageError } from "espalier";
import { settings } from "../settings/config.ts";
import { integerField, text } from "../settings/field.ts";
import { trainFields } from "../settings/train-fields.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { interruption } from "../terminal/interrupt.ts";
import { failureText, TrialChild } from "./trial-child.ts";
import { workForQueue } from "./trial-queue.ts";

const fields = {
  queue: text("where trials come from: redis://host:port, or postgres://user:password@host:port/database", "url"),
  parallel: integerField("trials at once on this machine (default 1)", { min: 1 }),
};

const notes = `The directory of the sweep must be the same path on every machine, or one in a bucket. Whoever can write to the queue
decides what is trained and where files go: keep it in a network of your own, with a password in the URL.
It wants the package bullmq: npm install bullmq ioredis, or bullmq pg for PostgreSQL`;

export const workerCommand = (): Command =>
  command({
    name: "worker",
    about: "Makes trials of sweeps that come through a queue, until it is stopped.",
    fields,
    notes,
    examples: [
      "worker --queue redis://127.0.0.1:6379",
      "worker --queue redis://:password@queue.example:6379 --parallel 4",
    ],
    files: writesNothing,
    async run(_, { queue, parallel = 1 }, out) {
      if (queue === undefined)
        throw new UsageError(
          "missing",
          "a worker wants a queue",
          { wanted: "--queue" },
          "for example --queue redis://127.0.0.1:6379",
        );
      const interrupt = interruption(
        (line) => out.warn(line),
        "stopping every trial after its step, with a checkpoint",
      );
      const children = Array.from({ length: parallel }, () => new TrialChild());
      try {
        out.say(`up to ${parallel} at once on ${availableParallelism()} processors; waiting for trials`);
        await workForQueue(queue, {
          children,
          signal: interrupt.signal,
          read: (values) => settings(trainFields, [{ label: (key) => `a trial in the queue: ${key}`, values }]),
          textOf: failureText,
          say: out.say,
        });
        return interrupt.status() ?? 0;
      } finally {
        for (const child of children) child.end();
        interrupt.release();
      }
    },
  });
