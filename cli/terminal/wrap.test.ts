import { describe, expect, test } from "vitest";
import { widthOf, wrapped, wrappedExample } from "./wrap.ts";

test("a terminal's width, and 80 elsewhere", () => {
  expect(widthOf({ isTTY: true, columns: 132 })).toBe(132);
  expect(widthOf({ isTTY: true, columns: 0 })).toBe(80); // some terminals do not know
  expect(widthOf({})).toBe(80);
});

describe("wrapped", () => {
  test("under where the value begins", () => {
    expect(wrapped("error: no such file\n  fix   give the name of a file that is there", 24)).toBe(
      "error: no such file\n  fix   give the name of\n        a file that is\n        there",
    );
  });
  test("a comment goes on as a comment", () => {
    expect(wrapped("  # names of your own", 12)).toBe("  # names of\n  # your own");
  });
  test("a word that is longer stays whole, and colours have no width", () => {
    expect(wrapped("see /a/very/long/path now", 8)).toBe("see\n/a/very/long/path\nnow");
    expect(wrapped("\u001b[31;1mred\u001b[39mred end", 10)).toBe("\u001b[31;1mred\u001b[39mred end");
  });
  test("tables that fit are left as they are", () => {
    expect(wrapped("a    b\n  c  d", 10)).toBe("a    b\n  c  d");
  });
});

describe("an example", () => {
  test("in one line where it fits", () => {
    expect(wrappedExample("espalier data list   # what there is", 80)).toBe("  $ espalier data list   # what there is");
  });
  test("in several that a shell reads as one, quoted words whole, the comment above", () => {
    expect(wrappedExample("espalier compare --set 'methods.a={ lr: 1 }' --out runs/a   # a try", 36)).toBe(
      "  # a try\n  $ espalier compare --set \\\n      'methods.a={ lr: 1 }' --out \\\n      runs/a",
    );
  });
});
