/** The commands, each loaded when it is called: `espalier --help` needs none of them. */
import type { Command } from "commander";

interface Listed {
  readonly name: string;
  readonly group: string;
  /** One line in the list of commands; the command's own help says more. */
  readonly summary: string;
  load(): Promise<Command>;
}

export const commands: readonly Listed[] = [
  {
    name: "init",
    group: "Make a model small:",
    summary: "writes a commented configuration for a model and data; a schema for editors",
    load: async () => (await import("./init.ts")).initCommand(),
  },
  {
    name: "train",
    group: "Make a model small:",
    summary: "trains a model into structure, shrinks it, verifies and reports",
    load: async () => (await import("./train.ts")).trainCommand(),
  },
  {
    name: "prune",
    group: "Make a model small:",
    summary: "cuts a trained model at once, without training; accuracy before and after",
    load: async () => (await import("./prune.ts")).pruneCommand(),
  },
  {
    name: "shrink",
    group: "Make a model small:",
    summary: "removes what is exactly zero, and verifies that the rest computes the same",
    load: async () => (await import("./shrink.ts")).shrinkCommand(),
  },
  {
    name: "factorize",
    group: "Make a model small:",
    summary: "truncates singular values: two smaller layers for one, at some loss",
    load: async () => (await import("./factorize.ts")).factorizeCommand(),
  },
  {
    name: "inspect",
    group: "Look at models and data:",
    summary: "layer by layer: shapes, cost, zeros, what cannot be removed and why; a picture",
    load: async () => (await import("./inspect.ts")).inspectCommand(),
  },
  {
    name: "evaluate",
    group: "Look at models and data:",
    summary: "loss and accuracy on a data set",
    load: async () => (await import("./evaluate.ts")).evaluateCommand(),
  },
  {
    name: "verify",
    group: "Look at models and data:",
    summary: "whether two models compute the same; a certificate checked again",
    load: async () => (await import("./verify.ts")).verifyCommand(),
  },
  {
    name: "bench",
    group: "Look at models and data:",
    summary: "latency of one model, or of two in turn",
    load: async () => (await import("./bench.ts")).benchCommand(),
  },
  {
    name: "tune",
    group: "Look at models and data:",
    summary: "which formulations of a training step this machine prefers",
    load: async () => (await import("./tune.ts")).tuneCommand(),
  },
  {
    name: "data",
    group: "Look at models and data:",
    summary: "lists, describes and downloads data sets",
    load: async () => (await import("./data.ts")).dataCommand(),
  },
  {
    name: "compare",
    group: "Compare methods:",
    summary: "several methods with several seeds on one problem: a table and charts",
    load: async () => (await import("./compare.ts")).compareCommand(),
  },
  {
    name: "sweep",
    group: "Compare methods:",
    summary: "a search over settings: grid, random, TPE, early stopping; what no other beats",
    load: async () => (await import("./sweep.ts")).sweepCommand(),
  },
  {
    name: "worker",
    group: "Compare methods:",
    summary: "makes trials of sweeps that come through a queue",
    load: async () => (await import("./worker.ts")).workerCommand(),
  },
];
