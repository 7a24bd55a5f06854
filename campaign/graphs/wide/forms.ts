/** Operators without a float64 kernel in ONNX Runtime (1.30), said by those that have one. */
import type { Builder } from "../../../src/graph/builder.ts";
import type { AnySite } from "../../../src/graph/op-site.ts";
import type { OpName } from "../../../src/graph/ops/index.ts";
import type { Value } from "../../../src/graph/types.ts";
import { elementwiseForms } from "./elementwise.ts";
import type { Form } from "./form.ts";
import { normalizationForms } from "./normalization.ts";
import { recurrentForms } from "./recurrent.ts";
import { samplingForms } from "./sampling.ts";
import { selectionForms } from "./selection.ts";
import { windowForms } from "./windows.ts";

const all: { readonly [K in OpName]?: Form<K> } = {
  ...elementwiseForms,
  ...normalizationForms,
  ...recurrentForms,
  ...samplingForms,
  ...selectionForms,
  ...windowForms,
};

/** By operator, called with a site of it: where the operator is known only as a string, its type ends. */
export const forms = all as { readonly [K in OpName]?: (g: Builder, site: AnySite) => Value | readonly Value[] };
