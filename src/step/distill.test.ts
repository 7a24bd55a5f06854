/** The loss of distillation against PyTorch (test/fixtures/train/make.py) and central differences. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backward } from "../autodiff/backward.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, tensor } from "../graph/tensor.ts";
import { withoutUnread } from "../graph/walk.ts";
import { encode } from "../onnx/write.ts";
import { distilled, softLoss } from "./distill.ts";
import { binaryCrossEntropy, crossEntropy, type Loss, meanSquaredError, modelLoss } from "./loss.ts";

const engine = node({ threads: 1 });
const fixtures = JSON.parse(readFileSync(new URL("../../test/fixtures/train/torch.json", import.meta.url), "utf8"));
const data = (t: unknown) => [...(t as { data: Float32Array }).data];

const losses: [string, Loss][] = [
  ["distillClasses", crossEntropy()],
  ["distillTokens", crossEntropy()],
  ["distillNumbers", meanSquaredError()],
  ["distillSigmoids", binaryCrossEntropy()],
];

test.each(losses)("%s: value and gradient as torch's, and as central differences", async (name, loss) => {
  const { x, y, teacher, shape, places = [], temperature, share, ...wanted } = fixtures[name];
  const g = builder();
  const student = g.input("x", "float32", shape);
  const classes = loss.labels === "class";
  const labelled = classes ? [shape[0], ...places] : shape;
  const labels = g.input("y", classes ? "int32" : "float32", labelled);
  const { loss: given } = loss.apply(g, student, labels);
  const says = g.constant(f32(teacher, shape));
  const out = distilled(g, { loss }, given, { student, teacher: says, temperature, share, labels });
  g.output(out, "loss");
  g.output(backward(g, out, [student]).get(student)!, "dx");
  const session = await engine.load(encode(withoutUnread(g.build())));
  const target = classes ? tensor("int32", labelled, Int32Array.from(y)) : f32(y, shape);
  const at = async (values: number[]) => runOnce(session, engine, { x: f32(values, shape), y: target });
  const got = await at(x);
  expect(data(got.loss)[0]).toBeCloseTo(wanted.loss, 5);
  const dx = data(got.dx);
  dx.forEach((v, i) => {
    expect(v).toBeCloseTo(wanted.dx[i], 5);
  });
  const step = 1e-2;
  for (const i of x.keys()) {
    const moved = (by: number) => x.map((v: number, j: number) => (i === j ? v + by : v));
    const [above, below] = [await at(moved(step)), await at(moved(-step))];
    expect((data(above.loss)[0] - data(below.loss)[0]) / (2 * step)).toBeCloseTo(dx[i], 3);
  }
});

test("a model that ends in its own loss has nothing to compare", () => {
  expect(softLoss(modelLoss())).toBeUndefined();
});
