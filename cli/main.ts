#!/usr/bin/env node
/**
 * The command line: `espalier <command>`. Exit status 0 success, 1 the work failed, 2 wrong usage, 129, 130 or 143 interrupted by a
 * signal, 141 by output that nobody reads. What a call does not need is not loaded: help comes at once.
 */
import { Command, CommanderError } from "commander";
import { commands } from "./commands/table.ts";
import { below, styled } from "./terminal/help.ts";

const given = process.argv.slice(2);
const asked = commands.find(({ name }) => name === given.find((word) => !word.startsWith("-")));
const wantsVersion = !asked && given.some((word) => word === "-V" || word === "--version");

/** The command that commander complained about. */
let complained = new Command();

function strict(command: Command): Command {
  command.configureOutput({ outputError: () => {} }).exitOverride((error) => {
    complained = command;
    throw error;
  });
  for (const sub of command.commands) strict(sub);
  return command;
}

const program = new Command("espalier")
  .description("Trains neural networks into structure and cuts them small.")
  .version(wantsVersion ? (await import("espalier/node")).version : "", "-V, --version", "print the version")
  .helpOption("-h, --help", "show this help")
  .option("--json", "print one JSON document on standard output, everything else on standard error")
  .helpCommand(false);
below(program, {
  notes: "espalier <command> --help shows a command's options and examples.",
  examples: [
    "train --model lenet5 --data digits --lr 0.2 --lambda 1e-3 --milestones 7,10 --epochs 12",
    "inspect model.onnx --html model.html",
  ],
});
for (const listed of commands) {
  const command = listed === asked ? await listed.load() : new Command(listed.name);
  program.addCommand(command.summary(listed.summary).helpGroup(listed.group));
}

// A reader that has seen enough (`| head`) is no failure, but for a command that listens itself, because it has a run to stop.
process.stdout.on("error", (e: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount("error") === 1) process.exit(e.code === "EPIPE" ? 0 : 1);
});
process.stderr.on("error", () => {}); // there is nowhere left to say so

try {
  await strict(styled(program)).parseAsync();
} catch (error) {
  process.exitCode = await ended(error);
}

/** The exit status of a call that ended early, after what is to be said of it. */
async function ended(error: unknown): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const json = given.includes("--json");
  const helped = error instanceof CommanderError && error.code === "commander.help";
  if (helped && !json) return 2;
  const [{ UsageError }, { fail, usageError }, { output }] = await Promise.all([
    import("espalier"),
    import("./terminal/failure.ts"),
    import("./terminal/output.ts"),
  ]);
  if (helped) return fail(new UsageError("missing", "no command was given"), output(json));
  return fail(error instanceof CommanderError ? usageError(error, complained) : error, output(json));
}
