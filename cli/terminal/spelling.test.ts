import { groupLasso, named, rigl, say, UsageError } from "espalier";
import { expect, test } from "vitest";
import { kebab } from "../settings/names.ts";
import { asData, typed } from "./spelling.ts";

test("names of methods and settings are spelled as the command line takes them; other words and the user's own stay", () => {
  const error = new UsageError(
    "conflict",
    say`${named("proxSsi")} with ${named("groupMcp")} is not defined`,
    { where: "c.yaml: methods.proxSsi", got: "runs/proxSsi", n: 2 },
    say`choose ${named("inputChannel")}, or stepOf`,
  );
  expect(error.message).toBe(
    `proxSsi with groupMcp is not defined
  where  c.yaml: methods.proxSsi
  got    runs/proxSsi
  n      2
  fix    choose inputChannel, or stepOf`,
  );
  expect(error.spelled(kebab)).toBe(
    `prox-ssi with group-mcp is not defined
  where  c.yaml: methods.proxSsi
  got    runs/proxSsi
  n      2
  fix    choose input-channel, or stepOf`,
  );
  expect(asData(error)).toEqual({
    code: "conflict",
    what: "prox-ssi with group-mcp is not defined",
    details: { where: "c.yaml: methods.proxSsi", got: "runs/proxSsi", n: 2 },
    fix: "choose input-channel, or stepOf",
  });
  expect(typed(say`${rigl().name} ${named(groupLasso({ lambda: 1 }).name)}`)).toBe("rigl group-lasso");
});
