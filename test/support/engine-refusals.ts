/** What every engine must refuse, in which words, and what holds after it. */
import type { EngineTensor } from "../../src/engine/engine.ts";
import { f32, tensor } from "../../src/graph/tensor.ts";
import { rejects, same } from "./assertions.ts";
import { type EngineCase, increment, read, withModel } from "./engine-cases.ts";

export const refusalCases = {
  async "refuses a missing input, ignores what is none"(engine) {
    await withModel(engine, increment(1), async (session) => {
      const x = engine.upload(f32([1]));
      await rejects(() => session.run({ X: x }), /^input "x" was not given\n {2}got +X\n {2}wanted {2}x\n {2}fix +\w/);
      await rejects(() => session.run({}), /got +nothing/);
      same(await read(engine, (await session.run({ x, other: x })).y), [2], "the output");
    });
  },

  async "refuses a tensor of another type or shape"(engine) {
    await withModel(engine, increment(2), async (session) => {
      const run = (t: EngineTensor) => session.run({ x: engine.upload(t) });
      const words = (got: string) =>
        new RegExp(
          `^the tensor does not fit input "x"\\n {2}got +${got}\\n {2}wanted {2}float32\\[2\\]\\n {2}fix +\\w`,
        );
      await rejects(() => run(tensor("int32", [2], Int32Array.of(1, 2))), words("int32\\[2\\]"));
      await rejects(() => run(f32([1, 2, 3])), words("float32\\[3\\]"));
      await rejects(() => run(f32([1, 2], [2, 1])), words("float32\\[2,1\\]"));
      await rejects(() => run(f32([1], [])), words("float32\\[\\]"));
    });
  },

  async "refuses targets that are no output's, that do not fit, and that the run reads"(engine) {
    await withModel(engine, increment(2), async (session) => {
      const x = engine.upload(f32([1, 2]));
      await rejects(
        () => session.run({ x }, { Y: engine.upload(f32([0, 0])) }),
        /^"Y" is no output[\s\S]*wanted {2}y\n/,
      );
      await rejects(
        () => session.run({ x }, { y: engine.upload(f32([0])) }),
        /fit output "y"[\s\S]*float32\[1\][\s\S]*float32\[2\]/,
      );
      await rejects(() => session.run({ x }, { y: x }), /target of output "y" is read by the same run/);
      same(await read(engine, x), [1, 2], "what a refused run was given");
    });
  },

  async "refuses to run what was released; outputs live on"(engine) {
    const out = await withModel(
      engine,
      increment(1),
      async (session) => {
        const x = engine.upload(f32([1]));
        const { y } = await session.run({ x });
        await session.release();
        await rejects(() => session.run({ x }), /^a session is run that was released\n[\s\S]*fix/);
        await session.release(); // once more: nothing
        return y;
      },
      ["y"],
    );
    same(await read(engine, out), [2], "the output of a released session");
    engine.dispose(out);
  },

  async "refuses what was disposed of; what was downloaded lives on"(engine) {
    await withModel(
      engine,
      increment(2),
      async (session) => {
        const x = engine.upload(f32([1, 2]));
        const { y } = await session.run({ x });
        const kept = await engine.download(y);
        for (const t of [x, y]) for (let twice = 0; twice < 2; twice++) engine.dispose(t);
        const words = /^a tensor is used that was disposed of\n {2}got +float32\[2\]\n {2}fix +\w/;
        await rejects(() => session.run({ x }), words);
        await rejects(() => session.run({ x: engine.upload(f32([1, 2])) }, { y }), words);
        await rejects(() => engine.download(y), words);
        same(kept.data, Float32Array.of(2, 3), "what was downloaded");
      },
      ["y"],
    );
  },

  async "refuses the tensors of another engine"(engine, make) {
    const other = make();
    await withModel(engine, increment(1), async (session) => {
      const foreign = other.upload(f32([1]));
      await rejects(() => session.run({ x: foreign }), /^a tensor is used that another engine made\n/);
      await rejects(() => engine.download(foreign), /another engine made/);
      await rejects(async () => engine.dispose(foreign), /another engine made/);
    });
    await other.release();
  },

  async "refuses bytes that are no model"(engine) {
    await rejects(
      () => engine.load(Uint8Array.of(1, 2, 3)),
      /^ONNX Runtime refuses the model\n {2}device[\s\S]*\n {2}reason[\s\S]*\n {2}fix/,
    );
  },

  async "goes on after its own release"(engine) {
    await withModel(
      engine,
      increment(1),
      async (session) => {
        const { y } = await session.run({ x: engine.upload(f32([1])) });
        same(await read(engine, y), [2], "before");
        for (let twice = 0; twice < 2; twice++) await engine.release();
        same(await read(engine, y), [2], "after");
      },
      ["y"],
    );
  },
} satisfies Record<string, EngineCase>;
