/** Operators that are not in the table because others say the same: what they are written out as. */
import { dataTypes } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import type { Context, Step } from "./canonical.ts";

type Expansion = (step: Step, context: Context) => Step;

const expansions: Readonly<Record<string, Expansion>> = {
  /** To the element type of its second input, of which nothing else is looked at. How 8-bit floats are rounded is left out, as of a Cast. */
  CastLike: (step, { type }) => {
    const [x, like] = step.inputs;
    if (!x || !like) throw new EspalierError("missing", `${step.op} lacks an input`, { node: step.name, wanted: 2 });
    return { ...step, op: "Cast", inputs: [x], attrs: { to: dataTypes[type(like).dtype] } };
  },
};

/** Whether an operator is written out as another one. */
export const isExpanded = (op: string, domain: string): boolean => domain === "" && Object.hasOwn(expansions, op);

/** What a node is written out as; itself, where its operator is one of the table or unknown. */
export const writtenOut = (step: Step, context: Context): Step =>
  isExpanded(step.op, step.domain) ? expansions[step.op](step, context) : step;
