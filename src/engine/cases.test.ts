import { engineSuite } from "../../test/support/engine-suite.ts";
import { node } from "./node.ts";

engineSuite("onnxruntime-node on the CPU", () => node({ threads: 1 }), {
  "carries bfloat16": "onnxruntime-node 1.30 refuses models with bfloat16 inputs",
});
