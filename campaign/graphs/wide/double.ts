/** What says one operator by others. */
import type { Builder } from "../../../src/graph/builder.ts";
import type { OpSite } from "../../../src/graph/op-site.ts";
import type { OpName } from "../../../src/graph/ops/index.ts";
import type { Value } from "../../../src/graph/types.ts";

/** @returns the outputs; one value where there is but one */
export type Double<K extends OpName> = (g: Builder, site: OpSite<K>) => Value | readonly Value[];
export type Doubles<K extends OpName> = { readonly [P in K]: Double<P> };

/** A setting that no random model has. */
export class Unsaid extends Error {
  override readonly name = "Unsaid";
}
