/**
 * Text with names in it that a reader types: options, their choices, methods. The library spells them as its own code does
 * (`lambdaWarmup`); another front spells the same text its way (`lambda-warmup`) without looking into the words.
 */

/** A name that a reader types. */
export class Name {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** The name of an option: a front may put before it what makes it one. */
export class OptionName extends Name {}

type Part = string | Name;
/** @param option whether it is the name of an option, not of a choice or a method */
export type Spell = (name: string, option: boolean) => string;
const asItIs: Spell = (name) => name;

/** A sentence in parts. In a template or as JSON it is the library's text. */
export class Message {
  readonly parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.parts = parts;
  }

  /** The text with every name spelled. */
  spelled(spell: Spell): string {
    return this.parts.map((p) => (typeof p === "string" ? p : spell(p.name, p instanceof OptionName))).join("");
  }

  toString(): string {
    return this.spelled(asItIs);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Words for people: plain, or with names that a front may spell. */
export type Words = string | Message;

/** The name of an option, of one of its choices, or of a method. */
export const named = (name: string): Name => new Name(name);

/** The name of an option, where nothing but the name says that it is one: the command line writes `--name`. */
export const option = (name: string): Name => new OptionName(name);

/** Several names, with commas between them. */
export const listed = (names: readonly string[]): Message =>
  new Message(names.flatMap((n, i) => (i === 0 ? [named(n)] : [", ", named(n)])));

/** Several options, with commas between them. */
export const listedOptions = (names: readonly string[]): Message =>
  new Message(names.flatMap((n, i) => (i === 0 ? [option(n)] : [", ", option(n)])));

/** What a wrong argument is may be anything; a message about it must not fail of it. */
const kindText = (x: unknown): string =>
  Array.isArray(x)
    ? "a list"
    : typeof x === "function"
      ? "a function"
      : typeof x === "object" && x
        ? "an object"
        : String(x);

/** Words as a front spells them. */
export const worded = (words: Words, spell: Spell): string =>
  words instanceof Message ? words.spelled(spell) : typeof words === "string" ? words : kindText(words);

type Inserted = string | number | Name | Message;

const partsOf = (x: Inserted): readonly Part[] =>
  x instanceof Message ? x.parts : x instanceof Name ? [x] : [String(x)];

/** A message: say`${named("eps")} is out of range`. */
export const say = (strings: TemplateStringsArray, ...values: readonly Inserted[]): Message =>
  new Message(strings.flatMap((s, i) => [s, ...(i < values.length ? partsOf(values[i]) : [])]).filter((p) => p !== ""));
