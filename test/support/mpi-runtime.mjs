// One rank that reads outside of WebAssembly's memory, which V8 learns of by a signal. usage: node mpi-runtime.mjs
import { mpi } from "espalier/node";

/** (module (memory 1) (func (export "f") (result i32) (i32.load (i32.const 65536)))) */
const outside = Uint8Array.from(
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0].concat([
    10, 11, 1, 9, 0, 65, 128, 128, 4, 40, 2, 0, 11,
  ]),
);
const communicator = await mpi();
const { instance } = await WebAssembly.instantiate(outside);
try {
  instance.exports.f();
} catch (error) {
  console.log(error.message);
}
await communicator.finalize();
