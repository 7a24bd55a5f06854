/** Names that every object of JavaScript has are names of tensors like any other. */
import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { encode } from "../onnx/write.ts";
import { runOnce } from "./engine.ts";
import { node } from "./node.ts";

const engine = node({ threads: 1 });

function doubling(input: string, output: string): Uint8Array {
  const g = builder();
  g.output(g.Mul(g.input(input, "float32", [2]), 2), output);
  return encode(g.build());
}

test.each(["constructor", "toString", "valueOf", "hasOwnProperty", "__defineGetter__", "then", "length", "0"])(
  "%s as input and output",
  async (name) => {
    const session = await engine.load(doubling(`${name}`, "y"));
    expect((await runOnce(session, engine, { [name]: f32([1, 2]) })).y.data).toEqual(Float32Array.of(2, 4));
    await expect(runOnce(session, engine, {})).rejects.toThrow(`input "${name}" was not given`);
    await session.release();

    const other = await engine.load(doubling("x", name));
    const x = engine.upload(f32([1, 2]));
    expect((await runOnce(other, engine, { x: f32([1, 2]) }))[name].data).toEqual(Float32Array.of(2, 4));
    const into = engine.upload(f32([0, 0]));
    const { [name]: written } = await other.run({ x }, { [name]: into });
    expect(written).toBe(into);
    expect((await engine.download(into)).data).toEqual(Float32Array.of(2, 4));
    await other.release();
  },
);

test("the one name that the runtime loses is refused", async () => {
  await expect(engine.load(doubling("x", "__proto__"))).rejects.toThrow("no input or output of this name");
  await expect(engine.load(doubling("__proto__", "y"))).rejects.toThrow("no input or output of this name");
});
