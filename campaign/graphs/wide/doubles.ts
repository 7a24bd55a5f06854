/** Operators without a float64 kernel in ONNX Runtime (1.30), said by those that have one. */
import type { Builder } from "../../../src/graph/builder.ts";
import type { AnySite } from "../../../src/graph/op-site.ts";
import type { OpName } from "../../../src/graph/ops/index.ts";
import type { Value } from "../../../src/graph/types.ts";
import type { Double } from "./double.ts";
import { elementwiseDoubles } from "./elementwise.ts";
import { normalizationDoubles } from "./normalization.ts";
import { recurrentDoubles } from "./recurrent.ts";
import { samplingDoubles } from "./sampling.ts";
import { selectionDoubles } from "./selection.ts";
import { windowDoubles } from "./windows.ts";

const all: { readonly [K in OpName]?: Double<K> } = {
  ...elementwiseDoubles,
  ...normalizationDoubles,
  ...recurrentDoubles,
  ...samplingDoubles,
  ...selectionDoubles,
  ...windowDoubles,
};

/** By operator, called with a site of it: where the operator is known only as a string, its type ends. */
export const doubles = all as { readonly [K in OpName]?: (g: Builder, site: AnySite) => Value | readonly Value[] };
