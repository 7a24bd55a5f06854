/** What is in a data set as a page: figures, classes, what looks wrong, and samples. */
import { SHEET_STYLE, type Sheet, sheetOf } from "./contact-sheet.ts";
import { html, type Markup } from "./markup.ts";
import { page, pairs, table } from "./page.ts";
import type { Table } from "./table.ts";

/** How many samples of a class each part has. */
interface ClassRow {
  readonly name: string;
  readonly counts: readonly number[];
}

/** What is on the page. */
export interface DataPage {
  readonly title: string;
  readonly lead: string;
  readonly facts: readonly (readonly [string, string])[];
  /** The parts that classes are counted in, and the classes. */
  readonly parts: readonly string[];
  readonly classes: readonly ClassRow[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  /** Images as they are trained on, else the first rows as they were read. */
  readonly sheet?: Sheet;
  readonly rows?: Table;
}

const STYLE = `
.bar { display: inline-block; height: 0.7em; min-width: 1px; background: currentColor; opacity: 0.4; vertical-align: baseline; }
.said { white-space: pre-wrap; overflow-wrap: anywhere; }
`;

const said = (title: string, lines: readonly string[]): Markup =>
  lines.length === 0
    ? html``
    : html`<section><h2>${title}</h2><ul>${lines.map((line) => html`<li class="said">${line}</li>`)}</ul></section>`;

/** One HTML file that loads nothing. */
export function dataPageHtml(of: DataPage): string {
  const { title, lead, facts, parts, classes, notes, warnings, errors, sheet, rows } = of;
  const most = Math.max(1, ...classes.flatMap(({ counts }) => counts));
  const balance = classes.map(
    ({ name, counts }) =>
      html`<tr><td>${name}</td>${counts.map((n) => html`<td class="n">${String(n)}</td>`)}<td><span class="bar" style="width:${Math.round((200 * counts[0]) / most)}px"></span></td></tr>`,
  );
  const content = html`${said("Errors", errors)}${said("Warnings", warnings)}
<section><h2>Found</h2>${pairs(facts)}</section>
${classes.length === 0 ? html`` : html`<section><h2>Classes</h2><div class="scroll"><table><thead><tr><th>class</th>${parts.map((part) => html`<th class="n">${part}</th>`)}<th></th></tr></thead><tbody>${balance}</tbody></table></div></section>`}
${said("How it was read", notes)}
${sheet ? html`<section><h2>Samples</h2><p>${sheet.lead}</p></section>${sheetOf(sheet)}` : html``}${rows ? html`<section><h2>First rows</h2>${table(rows)}</section>` : html``}`;
  return page(title, lead, content, { style: SHEET_STYLE + STYLE });
}
