/** A command from its description: arguments, fields as flags, examples, and what it does. */
import { Command, Option } from "commander";
import { fromFlags, type SettingSource, settings } from "../settings/config.ts";
import type { Fields, ValuesOf } from "../settings/field.ts";
import { kebab } from "../settings/names.ts";
import { checkFiles, type Touched } from "./files.ts";
import { below } from "./help.ts";
import { type Output, output } from "./output.ts";

export interface CommandSpec<F extends Fields> {
  readonly name: string;
  readonly about: string;
  /** Name and help of each argument; a name in brackets is optional. */
  readonly arguments?: readonly (readonly [name: string, help: string])[];
  readonly fields: F;
  /** The fields that are flags as well; without it all are. */
  readonly flags?: readonly (keyof F & string)[];
  /** Heading of a field in the help; fields without one stand first. */
  readonly groups?: Readonly<Record<string, readonly (keyof F & string)[]>>;
  readonly examples: readonly string[];
  /** Stands above the examples. */
  readonly notes?: string;
  /** Flags that are not settings themselves. */
  readonly options?: readonly Option[];
  /** What it reads and writes: an output that is an input or another output is refused before anything is done. */
  files(args: readonly (string | undefined)[], values: ValuesOf<F>, given: Given): Touched | Promise<Touched>;
  /** Where settings come from beside the flags, which win. */
  sources?(given: Given): Promise<readonly SettingSource[]>;
  /**
   * @param sources where the values come from
   * @returns the exit status
   */
  run(
    args: readonly (string | undefined)[],
    values: ValuesOf<F>,
    out: Output,
    sources: readonly SettingSource[],
  ): Promise<number>;
}

/** `--set key=value`, which may be repeated. */
export const setOption = (help: string): Option =>
  new Option("--set <key=value>", `${help}; may be repeated`).argParser((value: string, before: string[] = []) => [
    ...before,
    value,
  ]);

/** What commander read: the flags as they were given. */
type Given = Readonly<Record<string, unknown>>;

export function command<F extends Fields>(spec: CommandSpec<F>): Command {
  const made = new Command(spec.name).description(spec.about).helpOption("-h, --help", "show this help");
  for (const [name, help] of spec.arguments ?? []) made.argument(name, help);
  const groupOf = new Map(
    Object.entries(spec.groups ?? {}).flatMap(([heading, keys]) => keys.map((k) => [k, heading])),
  );
  for (const [key, field] of Object.entries(spec.fields)) {
    if (spec.flags && !spec.flags.includes(key)) continue;
    const flag = `--${field.on ? "no-" : ""}${kebab(key)}`;
    if (field.on) made.addOption(new Option(`--${kebab(key)}`).hideHelp()); // with both of them neither is a default
    const option = new Option(flagOf(flag, field), helpText(field));
    const heading = groupOf.get(key);
    const off = field.off === undefined ? [] : [new Option(`--no-${kebab(key)}`, field.off)];
    for (const one of [option, ...off]) made.addOption(heading ? one.helpGroup(`${heading}:`) : one);
  }
  for (const option of spec.options ?? []) made.addOption(option);
  made.option("--json", "print one JSON document on standard output, everything else on standard error");
  below(made, spec);
  made.action(async (...received: unknown[]) => {
    const args = received.slice(0, -2) as (string | undefined)[];
    const given = made.optsWithGlobals<Given>();
    const out = output(given["json"] === true);
    const sources = [...((await spec.sources?.(given)) ?? []), fromFlags(spec.fields, given)];
    const values = settings(spec.fields, sources);
    await checkFiles(await spec.files(args, values, given));
    process.exitCode = await spec.run(args, values, out, sources);
  });
  return made;
}

const flagOf = (flag: string, { value, alone }: Fields[string]): string =>
  value === null ? flag : alone ? `${flag} [${value}]` : `${flag} <${value}>`;

const helpText = ({ help, choices }: Fields[string]): string =>
  choices && choices.length > 3 ? `${help}. One of: ${choices.join(", ")}` : help;
