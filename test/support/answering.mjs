// Answers calls of the built command line one after the other in one process: what they all load is loaded once.
// Started by command-line.ts; a call comes as a message of arguments, how it ended goes back as one.
const main = new URL("../../dist/cli/main.js", import.meta.url);
let said = { stdout: "", stderr: "" };
for (const name of ["stdout", "stderr"])
  process[name].write = (chunk, encoding, done) => {
    said[name] += Buffer.from(chunk).toString();
    (typeof encoding === "function" ? encoding : done)?.();
    return true;
  };

let calls = 0;
async function answer(args) {
  said = { stdout: "", stderr: "" };
  process.argv = [process.execPath, main.pathname, ...args];
  process.exitCode = undefined;
  for (const name of ["stdout", "stderr"]) process[name].removeAllListeners("error"); // those of the call before
  await import(`${main}?${++calls}`); // that file runs again; what it imports stays
  process.send({ status: process.exitCode ?? 0, ...said });
}

let before = Promise.resolve();
process.on("message", (args) => {
  before = before.then(() => answer(args));
});
