/** Values that are zero everywhere, whatever their sizes: the states that recurrent layers begin with are made so. */
import type { Tensor } from "../graph/types.ts";
import type { Step } from "./canonical.ts";

/** What is moved stays zero; of a Gather, the first input. */
const moving: ReadonlySet<string> = new Set([
  ...["Cast", "Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape"],
  ...["Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"],
]);
const looksUp = "Gather";

const isZeroTensor = ({ data }: Tensor): boolean =>
  (data as ArrayLike<number | bigint> & Iterable<unknown>).length > 0 &&
  Array.prototype.every.call(data, (x) => Number(x) === 0);

/** Zero values of a file, in the order in which its nodes are gone through. */
export class ZeroValues {
  private readonly known = new Map<string, boolean>();
  private readonly stored: ReadonlyMap<string, Tensor>;

  constructor(stored: ReadonlyMap<string, Tensor>) {
    this.stored = stored;
  }

  /** Whether a value is known to be zero everywhere. */
  has(name: string): boolean {
    const found = this.known.get(name);
    if (found !== undefined) return found;
    const tensor = this.stored.get(name);
    const zero = tensor !== undefined && isZeroTensor(tensor);
    this.known.set(name, zero);
    return zero;
  }

  /** Takes note of a node in canonical form. */
  add({ op, domain, inputs, outputs, attrs }: Step): void {
    if (domain !== "") return;
    const { value } = attrs;
    const holds = inputs.length === 0 && typeof value === "object" && "dtype" in value;
    const moved = moving.has(op) && inputs.slice(0, op === looksUp ? 1 : undefined).every((x) => x && this.has(x));
    if (moved || (holds && isZeroTensor(value))) for (const o of outputs) if (o) this.known.set(o, true);
  }
}
