/** Every formulation on the CPU, over the whole grid. */
import { formulationSuite } from "../../../test/support/formulation-suite.ts";
import { node } from "../../engine/node.ts";

formulationSuite(node({ threads: 1 }), () => node({ threads: 1 }));
