/** What a planted fault is, and models that it spoils. */
import type { AnySite } from "../../src/graph/op-site.ts";
import type { Model, Value } from "../../src/graph/types.ts";
import type { Flow, StoredInput } from "../../src/groups/axes/rule.ts";
import type { ShrinkRule } from "../../src/shrink/rules/rule.ts";
import { edits, type Sketch, sketch } from "./small-models.ts";

/** How channels pass through a node. */
export type Passing = (site: AnySite, stored: StoredInput) => Flow;

/** A rule of one operator made wrong. */
export interface Fault {
  readonly op: string;
  /** How channels pass, from how they do. */
  readonly axes?: (right: Passing) => Passing;
  /** What becomes of constants. */
  readonly fold?: ShrinkRule["fold"];
  readonly model: () => Model;
  /** What is left does not fit together, so that nothing comes of it: the error. */
  readonly unfit?: string;
}

export type Body = (s: Sketch, v: Value) => Value;

/** fc a → body → fc c. Neuron 2 of a always holds a number; with `unread`, c does not read what stands at index 2. */
export const around = (
  body: Body,
  { constant, unread }: { readonly constant?: number; readonly unread?: readonly number[] },
) =>
  sketch(
    [6],
    (s) => s.fc(body(s, s.fc(s.x, "a", 8)), "c", 3),
    edits({
      ...(constant !== undefined && { a: [0, [2]], "a.bias": [0, [2], constant] }),
      ...(unread && { c: [1, unread] }),
    }),
  );
/** conv a → body → conv c on 4 channels of 4 × 4. Channel 1 of a always holds a number, or c does not read some. */
export const pictures = (
  body: Body,
  { constant, unread, pad = 0, k = 1 }: { constant?: number; unread?: readonly number[]; pad?: number; k?: number },
) =>
  sketch(
    [3, 4, 4],
    (s) => s.conv(body(s, s.conv(s.x, "a", 4)), "c", 3, k, { pad }),
    edits({
      ...(constant !== undefined && { a: [0, [1]], "a.bias": [0, [1], constant] }),
      ...(unread && { c: [1, unread] }),
    }),
  );
