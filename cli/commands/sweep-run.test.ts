import { expect, test } from "vitest";
import { resumeLine } from "./sweep-run.ts";

test("the line that goes on with a sweep has its queue without the password, and how many run at once", () => {
  const line = (queue: string | undefined, parallel = 1) => resumeLine({ folder: "runs/a b", queue, parallel });
  expect(line(undefined)).toBe("npx espalier sweep --resume --out 'runs/a b'");
  expect(line(undefined, 3)).toMatch(/ --parallel 3$/);
  expect(line("redis://:s3:cr@t@q.example:6379")).toMatch(/ --queue redis:\/\/:PASSWORD@q\.example:6379$/);
  expect(line("postgres://me:secret@q/db", 2)).toMatch(/ postgres:\/\/me:PASSWORD@q\/db --parallel 2$/);
  expect(line("redis://q:6379")).toMatch(/ --queue redis:\/\/q:6379$/);
});
