/** Every optimizer and every penalty by name, with options that show what it can do. Refusals, documents and tests read it. */
import { adam, adamw } from "../optim/adam.ts";
import { grda } from "../optim/grda.ts";
import { hspg } from "../optim/hspg.ts";
import { magnitude } from "../optim/magnitude.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { proxGen } from "../optim/prox-gen.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { ramda } from "../optim/ramda.ts";
import { rda } from "../optim/rda.ts";
import { rigl } from "../optim/rigl.ts";
import { rmda } from "../optim/rmda.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { groupMcp } from "../prox/group-mcp.ts";
import { lHalf } from "../prox/l-half.ts";
import { l0 } from "../prox/l0.ts";
import { l1 } from "../prox/l1.ts";
import { l2 } from "../prox/l2.ts";
import { nm } from "../prox/nm.ts";
import { nuclear } from "../prox/nuclear.ts";
import type { Penalty } from "../prox/penalty.ts";
import { sef, wgsef } from "../prox/wgsef.ts";

export const optimizers: readonly Optimizer[] = [
  sgd(),
  adam(),
  adamw(),
  rmda(),
  ramda(),
  rda(),
  proxSgd(),
  proxSgd({ form: "yang" }),
  proxSsi(),
  proxGen(),
  grda(),
  hspg(),
  rigl(),
  magnitude(),
];

const lambda = 1e-4;
export const penalties: readonly Penalty[] = [
  groupLasso({ lambda }),
  groupMcp({ lambda }),
  wgsef({ lambda, keep: 0.5 }),
  sef({ lambda, keep: 0.5 }),
  nuclear({ lambda }),
  nm(),
  l1({ lambda }),
  l0({ lambda }),
  lHalf({ lambda }),
  l2({ lambda }),
];
