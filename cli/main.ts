#!/usr/bin/env node
/**
 * The command line: `espalier <command>`. Exit status 0 success, 1 the work failed, 2 wrong usage, 129, 130 or 143 interrupted by a
 * signal, 141 by output that nobody reads.
 */
import { Command, CommanderError } from "commander";
import { UsageError } from "espalier";
import { version } from "espalier/node";
import { benchCommand } from "./commands/bench.ts";
import { compareCommand } from "./commands/compare.ts";
import { dataCommand } from "./commands/data.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { factorizeCommand } from "./commands/factorize.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { pruneCommand } from "./commands/prune.ts";
import { shrinkCommand } from "./commands/shrink.ts";
import { trainCommand } from "./commands/train.ts";
import { verifyCommand } from "./commands/verify.ts";
import { fail, usageError } from "./terminal/failure.ts";
import { output } from "./terminal/output.ts";

/** commander's complaints become usage errors of the command they are about. */
function strict(command: Command): Command {
  command.configureOutput({ outputError: () => {} }).exitOverride((error) => {
    throw error.exitCode === 0 || error.code === "commander.help" ? error : usageError(error, command);
  });
  for (const sub of command.commands) strict(sub);
  return command;
}

const program = new Command("espalier")
  .description("Trains neural networks into structure and cuts them small.")
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "show this help")
  .option("--json", "print one JSON document on standard output, everything else on standard error")
  .helpCommand(false)
  .addHelpText("after", "\nespalier <command> --help shows a command's options and examples.");
for (const command of [
  trainCommand,
  compareCommand,
  pruneCommand,
  shrinkCommand,
  factorizeCommand,
  verifyCommand,
  inspectCommand,
  evaluateCommand,
  benchCommand,
  dataCommand,
])
  program.addCommand(command());

// A reader that has seen enough (`| head`) is no failure, but for a command that listens itself, because it has a run to stop.
process.stdout.on("error", (e: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount("error") === 1) process.exit(e.code === "EPIPE" ? 0 : 1);
});
process.stderr.on("error", () => {}); // there is nowhere left to say so

try {
  await strict(program).parseAsync();
} catch (error) {
  const out = output(process.argv.includes("--json"));
  const helped = error instanceof CommanderError && (error.exitCode === 0 || !out.json);
  if (helped) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else
    process.exitCode = fail(
      error instanceof CommanderError ? new UsageError("missing", "no command was given") : error,
      out,
    );
}
