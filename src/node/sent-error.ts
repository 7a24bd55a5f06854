/** Errors on their way between threads, which would lose their class, their fields and the spelling of names. */
import { type ErrorCode, EspalierError, UsageError } from "../error.ts";
import { Message, named, OptionName, option, type Words } from "../message.ts";

type SentWords = string | readonly (string | { readonly name: string; readonly option: boolean })[];

interface SentDetails {
  readonly [label: string]: SentWords | number | undefined;
}

/** Plain data that threads can hand to each other. */
export type SentError =
  | {
      readonly usage: boolean;
      readonly code: ErrorCode;
      readonly what: SentWords;
      readonly details: SentDetails;
      readonly fix: SentWords | undefined;
    }
  | { readonly other: unknown };

const packed = (words: Words): SentWords =>
  words instanceof Message
    ? words.parts.map((p) => (typeof p === "string" ? p : { name: p.name, option: p instanceof OptionName }))
    : words;
const unpacked = (words: SentWords): Words =>
  typeof words === "string"
    ? words
    : new Message(words.map((p) => (typeof p === "string" ? p : p.option ? option(p.name) : named(p.name))));

const mapped = <A, B>(of: Readonly<Record<string, A>>, make: (a: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, make(value)]));

/** An error as it is sent. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof EspalierError)) return { other: error };
  const { code, what, details, fix } = error;
  return {
    usage: error instanceof UsageError,
    code,
    what: packed(what),
    details: mapped(details, (v) => (v === undefined || typeof v === "number" ? v : packed(v))),
    fix: fix === undefined ? undefined : packed(fix),
  };
}

/** The error that was sent. */
export function receivedError(sent: SentError): unknown {
  if ("other" in sent) return sent.other;
  const { usage, code, what, details, fix } = sent;
  const Kind = usage ? UsageError : EspalierError;
  return new Kind(
    code,
    unpacked(what),
    mapped(details, (v) => (v === undefined || typeof v === "number" ? v : unpacked(v))),
    fix === undefined ? undefined : unpacked(fix),
  );
}
