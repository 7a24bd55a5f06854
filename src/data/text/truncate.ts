/** Texts that are too long, cut as the `tokenizers` library cuts them: the longer of a pair first. */

/** How many tokens of each text stay. @param room for all of them together */
export function cutLengths(lengths: readonly number[], room: number): number[] {
  const [first, second] = lengths;
  if (second === undefined) return [Math.min(first, room)];
  if (first + second <= room) return [first, second];
  const [short, long] = [Math.min(first, second), Math.max(first, second)];
  // the longer one alone is cut while it stays the longer one; else both share the room, and the longer one has an odd place
  const rest = short > room ? short : Math.max(short, room - short);
  const kept = short + rest > room ? [Math.floor(room / 2), Math.ceil(room / 2)] : [short, Math.min(rest, long)];
  return first > second ? [kept[1], kept[0]] : kept;
}

/** The first tokens, or the last ones. */
export const cutTo = (of: readonly number[], keep: number, left: boolean): readonly number[] =>
  keep >= of.length ? of : left ? of.slice(of.length - keep) : of.slice(0, keep);
