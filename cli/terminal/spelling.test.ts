import { EspalierError, groupLasso, rigl, UsageError } from "espalier";
import { expect, test } from "vitest";
import { asTyped } from "./spelling.ts";

test("the library's names of methods and settings become those of the command line; other words and the user's own stay", () => {
  const typed = asTyped(
    new UsageError(
      "proxSsi with groupMcp is not defined",
      { where: "c.yaml: methods.proxSsi", "groupMcp goes with": "proxSgd, hspg", got: "runs/proxSsi", n: 2 },
      "choose inputChannel, or weightDecay, or stepOf",
    ),
  );
  expect(typed).toBeInstanceOf(UsageError);
  expect(typed.message).toBe(
    `prox-ssi with group-mcp is not defined
  where                c.yaml: methods.proxSsi
  group-mcp goes with  prox-sgd, hspg
  got                  runs/proxSsi
  n                    2
  fix                  choose input-channel, or weight-decay, or stepOf`,
  );
  expect(asTyped(new EspalierError("a"))).not.toBeInstanceOf(UsageError);
  expect([rigl().name, groupLasso({ lambda: 1 }).name]).toEqual(["rigl", "groupLasso"]);
});
