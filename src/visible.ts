/** Text from outside — names of tensors, files and classes, words of a runtime — as it can be shown without being obeyed. */

/**
 * What a terminal obeys (C0 and C1 controls), what turns the order of letters around or hides among them (marks of direction,
 * characters of no width, tags), and what some programs end a line at.
 */
const OBEYED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function shown(character: string): string {
  const code = character.codePointAt(0)!;
  return NAMED[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
}

/**
 * The text with such characters spelled out: `\x1b`, `\u{202e}`.
 * @param kept characters that stay, "\n" in text of several lines; default none
 */
export const visible = (text: string, kept = ""): string =>
  text.replaceAll(OBEYED, (character) => (kept.includes(character) ? character : shown(character)));

/** JSON that says the same and holds no such characters but line breaks. */
export const visibleJson = (json: string): string =>
  json.replaceAll(OBEYED, (character) =>
    character === "\n"
      ? character
      : Array.from({ length: character.length }, (_, i) => {
          const unit = character.charCodeAt(i).toString(16).padStart(4, "0");
          return `\\u${unit}`;
        }).join(""),
  );
