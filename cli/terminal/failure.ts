/** From what went wrong to what is said about it and the exit status: 1 the work failed, 2 wrong usage. */
import type { Command, CommanderError } from "commander";
import { EspalierError, nearest, UsageError } from "espalier";
import type { Output } from "./output.ts";
import { asData, typedName } from "./spelling.ts";

/** What can be acted on: Espalier's own errors, and memory that is used up, which any array may report. */
function understood(error: unknown): EspalierError | undefined {
  if (error instanceof EspalierError) return error;
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array( buffer)? length/.test(error.message))
    return new EspalierError(
      "no-memory",
      "there is not enough memory",
      { reason: error.message },
      "use a smaller batch, model or data set",
    );
  return undefined;
}

/** What went wrong, in words; what is not understood is our fault and says so. */
export const messageOf = (error: unknown): string =>
  understood(error)?.spelled(typedName) ?? `internal: ${error instanceof Error ? error.message : String(error)}`;

/** Says what went wrong and returns the exit status. */
export function fail(error: unknown, out: Output): number {
  const known = understood(error);
  const message = messageOf(error);
  const data = known ? asData(known) : { code: "internal", what: message, details: {} };
  if (out.json) out.result({ error: data }, "");
  const verbose = process.env["ESPALIER_DEBUG"];
  out.warn(`${out.colour.red("error:")} ${verbose && error instanceof Error ? error.stack : message}`);
  if (!known && !verbose)
    out.warn("  this is a fault of Espalier; run again with ESPALIER_DEBUG=1 and report what it prints");
  return error instanceof UsageError ? 2 : 1;
}

/** "espalier data info" */
const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : "espalier";

/** What commander complains about, in our words and with the nearest valid name. */
export function usageError(error: CommanderError, command: Command): UsageError {
  const got = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const path = pathOf(command);
  const help = `${path} --help lists them`;
  switch (error.code) {
    case "commander.unknownOption": {
      const flags = command
        .createHelp()
        .visibleOptions(command)
        .flatMap((o) => (o.long ? [o.long] : []));
      return new UsageError(
        "unknown-name",
        `${command.parent ? command.name() : path} has no option ${got}`,
        { nearest: nearest(got, flags) },
        help,
      );
    }
    case "commander.unknownCommand": {
      const names = command.commands.map((c) => c.name());
      return new UsageError("unknown-name", `there is no command "${got}"`, {
        nearest: nearest(got, names),
        wanted: names.join(", "),
      });
    }
    default:
      return new UsageError("misuse", error.message.replace(/^error: /, ""), {}, `see ${path} --help`);
  }
}
