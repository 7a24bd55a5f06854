/** Logistic regression: one dense layer, started at zero as the RMDA authors start it (the problem is convex). */
import { allZero } from "./init.ts";
import { builtIn } from "./network.ts";

/** Logistic regression, 784 → 10 by default: 7,850 parameters, all zero at first, whatever the seed. */
export const logistic = builtIn(
  { name: "logistic", about: "logistic regression", input: [1, 28, 28], classes: 10 },
  (n, x, classes) => n.linear("fc", n.flatten(x), classes),
  allZero,
);
