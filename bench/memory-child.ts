/** One task of the step benchmark, alone in its process: prints the most bytes of memory that the process has had after two steps. */
import { timedMethods } from "./method.ts";
import { type BenchTask, ours } from "./ours.ts";

const task = JSON.parse(process.argv[2]) as BenchTask;
const side = await ours(task, timedMethods[task.method]);
await side.steps(2);
console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024 }));
await side.close();
