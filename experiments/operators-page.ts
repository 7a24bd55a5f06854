/** docs/operators.md, written from the tables. */
import { type OperatorRow, operatorTable } from "espalier";
import { nodeTestsSection } from "./node-tests-section.ts";

const GRADIENTS: Record<OperatorRow["gradient"], string> = {
  rule: "yes",
  linear: "yes",
  zero: "zero",
  none: "none",
};

const cells = (row: OperatorRow): string[] => [
  `\`${row.name}\``,
  row.since > 9 ? `${row.since}` : "9",
  row.inputs,
  row.attributes.map((a) => `\`${a}\``).join(" "),
  GRADIENTS[row.gradient],
  row.barrier ? `no: it ${row.barrier}` : "yes",
  row.constants,
  row.cut ?? "",
  row.counted ? "yes" : "",
];
const HEAD = [
  "operator",
  "opset from",
  "inputs",
  "attributes",
  "gradient",
  "channels pass",
  "a constant becomes known",
  "cut beside its shapes",
  "MACs count",
];
const line = (texts: readonly string[]): string => `| ${texts.join(" | ")} |`;

/** The whole page. */
export function operatorsPage(root?: string): string {
  const rows = operatorTable();
  const families = [...new Set(rows.map((r) => r.family))];
  const sections = families.map((family) => {
    const own = rows.filter((r) => r.family === family);
    return [`## ${family}`, "", line(HEAD), line(HEAD.map(() => "---")), ...own.map((r) => line(cells(r))), ""].join(
      "\n",
    );
  });
  return `# Operators

Written by \`node dist/experiments/operators-doc.js\` from the tables that training, grouping and shrinking follow (\`src/graph/ops\`,
\`src/autodiff/rules\`, \`src/groups/axes\`, \`src/shrink/rules\`): ${rows.length} operators of ONNX's standard domain. A model with
others is read, run and written as it is; it cannot be trained, and no channel that such an operator reads can be removed.

Inputs and attributes are those of the canonical form: what a file gives as a stored input (the axes of a reduction, the shape of
a Reshape) is an attribute there. Opsets before 9 are not read. *Channels pass* says whether channels that the operator reads may
be removed at all; on which axes, depends on the node, and \`espalier inspect\` names it. *A constant becomes known*: what
shrinking makes of a channel that holds one number everywhere.

${[...sections, nodeTestsSection(root)].filter(Boolean).join("\n")}`;
}
