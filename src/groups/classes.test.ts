import { expect, test } from "vitest";
import { Random } from "../math/random.ts";
import { commonFactors } from "./axes/factors.ts";
import { Classes } from "./classes.ts";

test("a class of parts has the parts of its parts, each once", () => {
  const classes = new Classes();
  const [a, b, c, d] = classes.fresh(4);
  const ab = classes.compose([a, b]);
  expect(classes.parts(classes.compose([ab, c, a]))).toEqual([a, b, c]);
  expect(classes.compose([d, d])).toBe(d);
  classes.divide(c, [...classes.fresh(2)]);
  expect(classes.parts(classes.compose([ab, c]))).toHaveLength(4);
});

test("what is one from now on has the same parts", () => {
  const classes = new Classes();
  const [a, b, c, d, e] = classes.fresh(5);
  const [one, two] = [classes.compose([a, b]), classes.compose([c, d])];
  classes.unite(one, e);
  expect(classes.parts(e)).toEqual([a, b]);
  classes.unite(one, two);
  expect(classes.find(a)).toBe(classes.find(c));
  expect(classes.find(b)).toBe(classes.find(d));
  expect(classes.stuck).toEqual([]);
});

test("a part that stands for more parts becomes them", () => {
  const classes = new Classes();
  const [head, width, shared, copy] = classes.fresh(4);
  classes.unite(classes.compose([head, width]), classes.compose([shared, copy, width]));
  expect(classes.parts(head)).toEqual([shared, copy]);
});

test("what would have to go with a part of itself stays", () => {
  const classes = new Classes();
  const [a, b] = classes.fresh(2);
  classes.unite(a, classes.compose([a, b]));
  expect(classes.stuck).toEqual([b]);
  expect(classes.parts(a)).toEqual([classes.find(a)]);
});

test("a class of one part is it, whatever it is united with", () => {
  const classes = new Classes();
  const [a, b] = classes.fresh(2);
  const [one, two] = [classes.compose([a, b]), classes.compose([b, a])];
  classes.unite(a, b);
  classes.unite(one, two);
  expect(classes.parts(two)).toEqual([classes.find(a)]);
});

/** Whether a class goes when some parts do. */
const goes = (classes: Classes, c: number, parts: ReadonlySet<number>) => classes.parts(c).some((p) => parts.has(p));

test("whatever is united goes together, whichever parts go that can", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed, "init");
    const classes = new Classes();
    const all = [...classes.fresh(8)];
    const pick = () => all[random.int(all.length)];
    const united: [number, number][] = [];
    for (let step = 0; step < 12; step++)
      if (random.uniform() < 0.5) all.push(classes.compose([pick(), pick(), pick()].slice(random.int(2))));
      else {
        const pair: [number, number] = [pick(), pick()];
        united.push(pair);
        classes.unite(...pair);
      }
    const stuck = new Set(classes.stuck.flatMap((c) => classes.parts(c)));
    for (const part of new Set(all.flatMap((c) => classes.parts(c)))) {
      if (stuck.has(part)) continue;
      const gone = new Set([part]);
      for (const [a, b] of united) expect(goes(classes, a, gone), `seed ${seed}`).toBe(goes(classes, b, gone));
    }
  }
});

test("factors that two shapes have in common", () => {
  const said = (from: number[], to: number[]) => commonFactors(from, to).map((f) => `${f.size}:${f.from}>${f.to}`);
  expect(said([2, 5, 12], [2, 5, 3, 4])).toEqual(["2:0>0", "5:1>1", "3:2>2", "4:2>3"]);
  expect(said([2, 3, 4], [6, 4])).toEqual(["2:0>0", "3:1>0", "4:2>1"]);
  expect(said([2, 12], [6, 4])).toEqual(["2:0>0", "3:1>0", "4:1>1"]);
  expect(said([2, 1, 3], [2, 3, 1])).toEqual(["2:0>0", "3:2>1"]);
  expect(said([2, 4, 6], [2, 6, 4])).toEqual([
    "2:0>0",
    "4:1>undefined",
    "6:2>undefined",
    "6:undefined>1",
    "4:undefined>2",
  ]);
  expect(said([0, 4], [4, 0])).toEqual([]);
});
