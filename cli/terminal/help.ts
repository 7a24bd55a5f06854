/** How help looks: wrapped at the terminal's width, terms in a narrow column, longer ones on a line of their own. */
import { type Command, Help } from "commander";
import { widthOf, wrapped, wrappedExample } from "./wrap.ts";

/** Columns for terms; a longer one stands alone above its description. */
const TERMS = 28;
const GAP = 2;

const helpWidth = (): number => widthOf(process.stdout);

/** One term with its description. */
function item(term: string, column: number, description: string): string {
  const indent = " ".repeat(GAP);
  if (!description) return indent + term;
  const under = " ".repeat(GAP + column + GAP);
  // Commander's own wrapping gives up in narrow terminals.
  const text = wrapped(under + description, Math.max(helpWidth(), under.length + 20));
  return term.length > column
    ? `${indent}${term}\n${text}`
    : `${indent}${term.padEnd(column + GAP)}${text.slice(under.length)}`;
}

/** Gives a command and those in it this look. */
export function styled(command: Command): Command {
  command.configureHelp({
    subcommandTerm: (sub) => sub.name(),
    padWidth: (of, helper) => Math.min(TERMS, Help.prototype.padWidth.call(helper, of, helper)),
    formatItem: (term, column, description) => item(term, column, description),
    boxWrap: (text) => wrapped(text, helpWidth()),
  });
  for (const sub of command.commands) styled(sub);
  return command;
}

/** What stands below the options: notes, and calls without the program's name. */
export function below(command: Command, { notes, examples }: { notes?: string; examples: readonly string[] }): Command {
  if (notes) command.addHelpText("after", () => `\n${wrapped(notes, helpWidth())}`);
  const calls = () => examples.map((e) => wrappedExample(`espalier ${e}`, helpWidth())).join("\n");
  return command.addHelpText("after", () => `\nExamples:\n${calls()}`);
}
