/** Text broken at blanks to the width of a terminal. */

/** Columns of a terminal; 80 where the text goes elsewhere, as into a file. */
export const widthOf = ({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  (isTTY && columns) || 80;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const COLOUR = /\u001b\[[\d;]*m/g;
const shownWidth = (text: string): number => text.replaceAll(COLOUR, "").length;

/**
 * What stands in front of the lines that follow the first: the sign of a comment again, or blanks up to the value that a name is
 * set apart from, or those that the line begins with.
 */
function margin(line: string): string {
  const comment = /^\s*# /.exec(line);
  if (comment) return comment[0];
  return " ".repeat(/^\s*(?:\S+ {2,})?/.exec(line)![0].length);
}

function wrapLine(line: string, width: number): string[] {
  if (shownWidth(line) <= width) return [line];
  const rest = margin(line);
  const lines: string[] = [];
  let now = line.slice(0, rest.length);
  let empty = true;
  for (const word of line.slice(rest.length).split(/(?<=\S) (?=\S)/)) {
    if (!empty && shownWidth(now) + 1 + shownWidth(word) > width) {
      lines.push(now);
      now = rest;
      empty = true;
    }
    now += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, now];
}

/** The text in lines of at most `width` columns; a word that is longer stays whole. */
export const wrapped = (text: string, width: number): string =>
  text
    .split("\n")
    .flatMap((line) => wrapLine(line, width))
    .join("\n");

/** A command in as many lines as a shell reads as one, its comment above where both do not fit. */
export function wrappedExample(example: string, width: number): string {
  const [call, comment] = example.split(/ {3}# (.*)/);
  const whole = `  $ ${call}${comment ? `   # ${comment}` : ""}`;
  if (whole.length <= width) return whole;
  const lines = comment ? [wrapped(`  # ${comment}`, width)] : [];
  let now = "  $";
  for (const word of call.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []) {
    if (now.length + 1 + word.length > width - 2 && now !== "  $") {
      lines.push(`${now} \\`);
      now = "     ";
    }
    now += ` ${word}`;
  }
  return [...lines, now].join("\n");
}
