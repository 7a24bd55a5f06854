/** docs/models.md, written from what the zoo's files answered. */
import { markdown, percent } from "espalier";
import type { RecordedZoo, ZooRow } from "./recorded.ts";

const FAMILIES = { convolutional: "Convolutional", transformer: "Transformers", recurrent: "Recurrent" } as const;
const HEAD = [
  "model",
  "weights",
  "exported",
  "reads",
  "outputs",
  "batch",
  "again",
  "parameters",
  "gradients",
  "in groups",
  "cut",
  "trains",
];
const TEXT = HEAD.map((_, i) => i).filter((i) => i !== 1);

/** What fails, in a cell. */
const NO = "✗";

/** An error, or why there is none. */
const small = (x: number | undefined): string => (x === undefined ? NO : x.toExponential(0));

function cells({ model, weights, way, failed, outputs, gradients, groups, cut }: ZooRow): string[] {
  const answer = (asked: keyof typeof failed, yes: string) => (asked in failed ? NO : yes);
  const share = groups === undefined ? "" : percent(groups);
  const unread = "read" in failed;
  const rest = unread
    ? HEAD.slice(4).map(() => "")
    : [
        answer("outputs", small(outputs)),
        answer("batch", "yes"),
        answer("written", "yes"),
        answer("parameters", "yes"),
        answer("gradients", small(gradients)),
        "groups" in failed ? `${share} ${NO}` : share,
        cut ? `${percent(1 - cut.params)}, ${small(cut.error)}` : NO,
        answer("trains", "yes"),
      ];
  return [model, `${weights}`, way, answer("read", "yes"), ...rest];
}

/** What is asked, as a sentence's beginning. */
const ASKED_FOR = {
  read: "is read",
  outputs: "outputs are PyTorch's",
  batch: "several samples at once",
  written: "is written and read the same",
  parameters: "trains PyTorch's parameters",
  gradients: "gradients are PyTorch's",
  groups: "enough in removable groups",
  cut: "cut, proved, the same outputs",
  trains: "is trained and shrunk",
} as const;

/** Why a share cannot be more, by file. */
const STAYS: Readonly<Record<string, string>> = {
  "minilm/dynamo":
    "its output is the stream itself, of which no channel can go; the exporter looked positions up ahead of time, so that their rows count as numbers of the stream and not as a table",
};

/** Reasons, each once, with the files that they are of. */
function reasons(rows: readonly ZooRow[]): string {
  const found = new Map<string, string[]>();
  for (const { model, way, failed } of rows)
    for (const [asked, why] of Object.entries(failed)) {
      const stays = STAYS[`${model}/${way}`];
      if (asked === "groups" && !stays) continue; // the share stands in the table
      const text = `${asked}: ${(asked === "groups" ? stays : why)
        .replace(/\s+/g, " ")
        .replace(/"[^"]*"/g, "…")
        .replace(/; node .*/, "")}`;
      found.set(text, [...(found.get(text) ?? []), `${model}/${way}`]);
    }
  if (found.size === 0) return "";
  const lines = [...found].map(([why, where]) => `- ${why.replaceAll("|", "\\|")} (${where.join(", ")})`);
  return `\nWhat fails, and why:\n\n${lines.join("\n")}\n`;
}

const passed = (rows: readonly ZooRow[], asked: keyof ZooRow["failed"]): string =>
  `${rows.filter(({ failed }) => !(asked in failed) && !("read" in failed)).length} of ${rows.length}`;

/** The whole page. */
export function modelsPage({ rows, refused, command, commit, recorded, machine, seconds }: RecordedZoo): string {
  const sections = Object.entries(FAMILIES).map(([family, title]) => {
    const own = rows.filter((r) => r.family === family);
    return `## ${title}\n\n${markdown({ head: HEAD, text: TEXT, rows: own.map(cells) })}\n${reasons(own)}`;
  });
  const sums = markdown({
    head: ["asked", "files that pass"],
    text: [0],
    rows: Object.entries(ASKED_FOR).map(([asked, words]) => [words, passed(rows, asked as keyof typeof ASKED_FOR)]),
  });
  const where = [machine.cpu, `${machine.cores} cores`, `Node.js ${machine.node}`, machine.runtime].join(", ");
  return `# Models

Small variants of the models that people have, narrow and of few blocks, as PyTorch's exporters write them: TorchScript in training mode
(\`training\`), TorchScript in evaluation mode (\`eval\`) and dynamo, each from the exporter's default call on one sample, and once more with
an open batch (\`-dynamic\`; text has an open length too). \`test/fixtures/zoo/make.py\` makes them with PyTorch's outputs and gradients;
\`test/zoo.test.ts\` asks all of this of every file and fails when one gets worse, or better without the list being told.

- *outputs*: two samples one by one; the largest difference from PyTorch in float64, of the largest output (at most 1e-4).
- *batch*: both samples in one run, also where the file is of one sample.
- *again*: what is written reads back and is written as the same bytes.
- *parameters*: what is trained is what PyTorch calls parameters, each once, and nothing else.
- *gradients*: of the sum of all outputs times noise; the largest error of a tensor, of its norm (at most 1e-3, or ten times what
  PyTorch's own float32 is off).
- *in groups*: the share of trained numbers, tables of embeddings apart, that go with a channel, a head or a unit that can be removed;
  convolutional networks shall have 99 %, others 95 %. In networks this narrow what stays weighs more than in real ones.
- *trains*: two steps of \`train\` with a penalty on groups, towards noise on all outputs; the weights move, and what came of it is shrunk.
- *cut*: three of ten groups zeroed at random, shrunk, proved and verified: the share of parameters that went, and how far the outputs of
  the small file are from those of the full one in ONNX Runtime (at most 1e-4).

${sums}

\`${command}\` at commit \`${commit.slice(0, 7)}\`, ${recorded.slice(0, 10)}, ${(seconds / 60).toFixed(1)} minutes. ${where}.

${sections.join("\n")}
## What exporters refuse

${refused.map(({ model, way, why }) => `- ${model}/${way}: ${why.replaceAll("|", "\\|")}`).join("\n")}
`;
}
