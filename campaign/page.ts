/** docs/campaign.md, written from the suites and from what campaigns have recorded. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { count, markdown } from "espalier";
import { isIntact } from "../experiments/seal.ts";
import { MOST_MB } from "./campaign.ts";
import type { Fault, SuiteCount } from "./record.ts";
import { suites } from "./suites/index.ts";
import { faultTable, suiteTable } from "./table.ts";

/** What a campaign writes. */
export interface RecordedCampaign {
  readonly seed: number;
  readonly minutes: number;
  readonly commit?: string;
  readonly draft?: boolean;
  readonly recorded: string;
  readonly seconds: number;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly suites: readonly SuiteCount[];
  readonly faults: readonly Fault[];
  readonly seal?: string;
}

/** All that lie in a folder, by seed. @throws Error for a draft, and for one that was changed after it was written */
export function recordedCampaigns(folder: string): RecordedCampaign[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((f) => f.endsWith(".json"));
  const all = files.map((f): RecordedCampaign => {
    const recorded: RecordedCampaign = JSON.parse(readFileSync(join(folder, f), "utf8"));
    if (!isIntact(recorded) || recorded.draft) throw new Error(`${f} is a draft, or was changed after it was written`);
    return recorded;
  });
  return all.sort((a, b) => a.seed - b.seed);
}

/** The counts of several campaigns as of one. */
function together(all: readonly RecordedCampaign[]): SuiteCount[] {
  const sums = new Map<string, SuiteCount>();
  for (const s of all.flatMap((c) => c.suites)) {
    const sum = sums.get(s.suite) ?? {
      ...s,
      cases: 0,
      outcomes: {},
      processorSeconds: 0,
      slowestSeconds: 0,
      peakMb: 0,
    };
    sums.set(s.suite, sum);
    sum.cases += s.cases;
    sum.processorSeconds += s.processorSeconds;
    sum.slowestSeconds = Math.max(sum.slowestSeconds, s.slowestSeconds);
    sum.peakMb = Math.max(sum.peakMb, s.peakMb);
    for (const [outcome, n] of Object.entries(s.outcomes)) sum.outcomes[outcome] = (sum.outcomes[outcome] ?? 0) + n;
  }
  return suites.flatMap(({ name }) => sums.get(name) ?? []);
}

function results(all: readonly RecordedCampaign[]): string {
  if (all.length === 0) return "No campaign has been recorded yet.";
  const faults = all.flatMap((c) => c.faults);
  const [{ machine, commit, recorded }] = all;
  const rows = all.map((c) => [
    `${c.seed}`,
    (c.seconds / 60).toFixed(0),
    count(c.suites.reduce((n, s) => n + s.cases, 0)),
    count(c.faults.length),
  ]);
  const where = `${machine["cpu"]}, ${machine["cores"]} cores, Node.js ${machine["node"]}`;
  return [
    `At commit \`${commit?.slice(0, 7)}\`, ${recorded.slice(0, 10)}. ${where}.`,
    markdown({ head: ["seed", "minutes", "cases", "faults"], text: [], rows }),
    suiteTable(together(all), faults),
    ...(faults.length > 0 ? [faultTable(faults)] : []),
  ].join("\n\n");
}

/** The whole page. */
export const campaignPage = (all: readonly RecordedCampaign[]): string => `# The campaign

\`npm run campaign -- --minutes N\` tries for N minutes to break Espalier: runs are killed, disks are full, files are damaged, options are
absurd, and what is computed is compared with what others compute. CI runs five minutes of it with a new seed each time. This page is
written by \`node dist/campaign/doc.js\`.

## What counts

A case passes when what is called returns, or throws an \`EspalierError\`, which is how Espalier refuses. These are faults:

- an exception of any other kind, a rejection that nobody handles, an exit status that is not documented, an \`internal:\` in a message;
- a result that differs from what it must be: bytes after a resume, outputs, types, gradients, a file that is read and written again;
- a process that dies;
- a hang: more than ${suites.find((s) => s.name === "fuzz-read")?.processorSeconds ?? 2} seconds of *processor* time for a case that needs no process of its own (the suites that say otherwise state it
  in their files), as the process reports it of itself ten times a second, so that a busy machine makes no faults; or no answer for as
  long as the suite allows, a minute unless it says otherwise;
- memory: more than ${MOST_MB} MB resident in the process that tries the case, at any moment.

A thread inside each process watches the others of it, and the campaign ends what takes too much; \`test/campaign.test.ts\` plants one
fault of each kind and sees that it is found.

## To repeat a case

Every case is drawn from the seed, the name of its suite and its number by the counter-based generator of \`src/math/random.ts\`, with
nothing in between: one is repeated without those before it. A fault is printed when it is first seen, with the command:

\`\`\`
npm run campaign -- --seed 7 --only fuzz-shrink --case 317
\`\`\`

What the case tried lies in \`runs/campaign/SEED/SUITE-CASE/\`. Faults of one kind at one place of the sources are counted as one. The
suites that send signals draw *when* they do from the seed, as a share of how long the run takes undisturbed on this machine, so a
repeated case of theirs is stopped at about the same place, not at the same instruction.

Flags: \`--minutes\` (default 5), \`--seed\` (default: a new one), \`--only SUITE,…\`, \`--case N\`, \`--workers\` (default: one per processor, at
most 2), \`--json FILE\` for the figures, \`--out FOLDER\` for what failed. The exit status is 0 when nothing was found, 1 when something was.

## Suites

${markdown({
  head: ["suite", "tries", "share of the time"],
  text: [0, 1],
  rows: suites.map((s) => [
    s.name,
    s.about,
    `${((100 * s.share) / suites.reduce((n, t) => n + t.share, 0)).toFixed(0)} %`,
  ]),
})}

Random models are built of the operators of the table, where each is legal (\`campaign/graphs/moves/\`); files are changed as messages,
so that most stay well-formed and odd, and as bytes (\`campaign/mutate/\`). A new suite is a file in \`campaign/suites/\` and a line in its index.

## Figures

${results(all)}
`;
