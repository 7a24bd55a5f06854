/**
 * What every engine must do with tensors and sessions, whatever it runs on. Cases know no test runner and nothing of
 * Node.js, so that a page can run them too; each throws when the engine is wrong. Operators: engine-operators.ts; refusals: engine-refusals.ts.
 */
import type { DType } from "../../src/dtype.ts";
import type { DeviceTensor, Engine, EngineTensor, Session } from "../../src/engine/engine.ts";
import { type Builder, builder } from "../../src/graph/builder.ts";
import { f32, tensor, zeros } from "../../src/graph/tensor.ts";
import { withoutUnread } from "../../src/graph/walk.ts";
import { encode, write } from "../../src/onnx/write.ts";
import { rejects, same } from "./assertions.ts";

/** @param make another engine of the same kind */
export type EngineCase = (engine: Engine, make: () => Engine) => Promise<void>;

/** Loads the model that `build` describes, uses it, and releases it. */
export async function withModel<T>(
  engine: Engine,
  build: (g: Builder) => void,
  use: (session: Session) => Promise<T>,
  resident: readonly string[] = [],
): Promise<T> {
  const g = builder();
  build(g);
  const session = await engine.load(encode(withoutUnread(g.build())), { resident });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** y = x + 1 of n floats. */
export const increment = (n: number) => (g: Builder) => void g.output(g.Add(g.input("x", "float32", [n]), 1), "y");

export const read = async (engine: Engine, t: DeviceTensor) => [...((await engine.download(t)).data as Float32Array)];

/** Two runs of y = x, the first output staying on the device where that is possible, give back what was given. */
async function carries(engine: Engine, t: EngineTensor): Promise<void> {
  await withModel(
    engine,
    (g) => void g.output(g.input("x", t.dtype, t.shape), "y"),
    async (session) => {
      const x = engine.upload(t);
      const first = await session.run({ x });
      const second = await session.run({ x: first.y });
      for (const handle of [x, first.y, second.y]) {
        const got = await engine.download(handle);
        same([got.dtype, [...got.shape]], [t.dtype, [...t.shape]], "the type");
        same(got.data, t.data, "the values");
      }
      for (const handle of [x, first.y, second.y]) engine.dispose(handle);
    },
    ["y"],
  );
}

/** Values at the ends of each type. */
const extremes: Readonly<Record<DType, EngineTensor["data"]>> = {
  float32: Float32Array.of(1.5, -0, 3.4e38, -1e-30, Number.POSITIVE_INFINITY),
  float64: Float64Array.of(Math.PI, -0, 1e308, -1e-300, Number.NEGATIVE_INFINITY),
  float16: Uint16Array.of(0x3c00, 0x8000, 0x7bff, 0x0400, 0x7c00),
  bfloat16: Uint16Array.of(0x3f80, 0x8000, 0x7f7f, 0x0080, 0x7f80),
  int8: Int8Array.of(-128, -1, 0, 1, 127),
  uint8: Uint8Array.of(0, 1, 127, 128, 255),
  int16: Int16Array.of(-32768, -1, 0, 1, 32767),
  uint16: Uint16Array.of(0, 1, 32767, 32768, 65535),
  int32: Int32Array.of(-(2 ** 31), -1, 0, 1, 2 ** 31 - 1),
  uint32: Uint32Array.of(0, 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1),
  int64: BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n),
  uint64: BigUint64Array.of(0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n),
  bool: Uint8Array.of(0, 1, 1, 0, 1),
};
const dtypes = Object.keys(extremes) as DType[];

const dtypeCases: Readonly<Record<string, EngineCase>> = Object.fromEntries(
  dtypes.map((dtype) => [`carries ${dtype}`, (engine: Engine) => carries(engine, tensor(dtype, [5], extremes[dtype]))]),
);

const shapeCases = {
  "carries a scalar": (engine) => carries(engine, tensor("float32", [], Float32Array.of(7))),
  "carries a tensor without elements": (engine) => carries(engine, zeros("float32", [0, 3])),
  "carries six axes": (engine) =>
    carries(
      engine,
      tensor(
        "int32",
        [1, 2, 1, 3, 1, 2],
        Int32Array.from({ length: 12 }, (_, i) => i),
      ),
    ),

  async "takes any size of a dynamic axis"(engine) {
    const g = builder();
    const x = g.input("x", "float32", [1, 2]);
    const y = g.output(g.Add(x, 1), "y");
    const dims = new Map([x, y].map((v) => [v.name, ["n", 2]] as const));
    const session = await engine.load(write({ graph: g.build(), opset: 17, dims, metadata: new Map() }));
    for (const n of [1, 3]) {
      const out = await session.run({ x: engine.upload(zeros("float32", [n, 2])) });
      same([...out.y.shape], [n, 2], "the shape");
      same(await read(engine, out.y), new Array(2 * n).fill(1), "the values");
    }
    await rejects(() => session.run({ x: engine.upload(zeros("float32", [1, 3])) }), /wanted {2}float32\[n,2\]/);
    await session.release();
  },
} satisfies Record<string, EngineCase>;

/** Runs x ← x + 1 fifty times on 16 MiB, and returns how much memory the process gained since the fifth (undefined in a browser). */
async function growth(
  engine: Engine,
  step: (session: Session, x: DeviceTensor) => Promise<DeviceTensor>,
): Promise<void> {
  const n = 2 ** 22;
  const memory = () => globalThis.process?.memoryUsage().rss;
  const gained = await withModel(
    engine,
    increment(n),
    async (session) => {
      let x = engine.upload(zeros("float32", [n]));
      let begun: number | undefined;
      for (let i = 0; i < 50; i++) {
        if (i === 5) begun = memory();
        x = await step(session, x);
      }
      const { data } = await engine.download(x);
      same([data[0], data[n - 1]], [50, 50], "the sum");
      engine.dispose(x);
      return begun === undefined ? 0 : memory() - begun;
    },
    ["y"],
  );
  same(
    gained < 300 * 2 ** 20,
    true,
    `memory grew by ${Math.round(gained / 2 ** 20)} MiB in 45 steps of 16 MiB; that it stays flat`,
  );
}

const residencyCases = {
  async "writes to the targets that it is given"(engine) {
    await withModel(engine, increment(2), async (session) => {
      const y = engine.upload(f32([0, 0]));
      for (const k of [1, 10]) {
        const x = engine.upload(f32([k, 2 * k]));
        const out = await session.run({ x }, { y });
        same(out.y === y, true, "the handle is the target's");
        same(await read(engine, y), [k + 1, 2 * k + 1], "the target");
        engine.dispose(x);
      }
    });
  },

  async "writes some outputs to targets, others not, wherever they are"(engine) {
    const build = (g: Builder) => {
      const x = g.input("x", "float32", [2]);
      g.output(g.Add(x, 1), "y");
      g.output(g.Mul(x, 2), "z");
      g.output(g.Sub(x, 1), "w");
    };
    await withModel(
      engine,
      build,
      async (session) => {
        const into = { y: engine.upload(f32([0, 0])), z: engine.upload(f32([0, 0])) };
        const out = await session.run({ x: engine.upload(f32([5, 6])) }, into);
        same([out.y === into.y, out.z === into.z], [true, true], "the handles are the targets'");
        const again = await session.run({ x: out.y }, { z: into.z });
        same(await read(engine, again.z), [12, 14], "the target of the second run");
        same(await read(engine, out.w), [4, 5], "the output without a target");
        same(await read(engine, out.y), [6, 7], "what the second run read");
      },
      ["y", "w"],
    );
  },

  async "feeds outputs back in flat memory, two handles taking turns"(engine) {
    let spare = engine.upload(zeros("float32", [2 ** 22]));
    await growth(engine, async (session, x) => {
      const { y } = await session.run({ x }, { y: spare });
      spare = x;
      return y;
    });
    engine.dispose(spare);
  },

  async "feeds outputs back in flat memory, when inputs are disposed of"(engine) {
    await growth(engine, async (session, x) => {
      const { y } = await session.run({ x });
      engine.dispose(x);
      return y;
    });
  },

  async "gives every run that was started its own result"(engine) {
    await withModel(engine, increment(1), (a) =>
      withModel(
        engine,
        (g) => void g.output(g.Mul(g.input("x", "float32", [1]), 2), "y"),
        async (b) => {
          const started = Array.from({ length: 8 }, (_, i) => (i % 2 ? b : a).run({ x: engine.upload(f32([i])) }));
          const got = await Promise.all(started.map(async (run) => (await read(engine, (await run).y))[0]));
          same(got, [1, 2, 3, 6, 5, 10, 7, 14], "the results");
        },
      ),
    );
  },
} satisfies Record<string, EngineCase>;

export const contractCases = { ...dtypeCases, ...shapeCases, ...residencyCases };
