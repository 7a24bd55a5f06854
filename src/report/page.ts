/** What every HTML document of Espalier is made of. No outside resource; everything foreign is escaped. */
import type { Chart } from "./draw.ts";
import { html, type Markup, trusted } from "./markup.ts";
import { style } from "./style.ts";
import type { Table } from "./table.ts";

/** What a document has beside that of every other. */
interface Own {
  readonly style?: string;
  /** What it lets the browser load and run; without, it has no script. */
  readonly policy?: string;
}

/** A whole document under a title and one sentence. */
export const page = (title: string, lead: string, content: Markup, { style: own = "", policy }: Own = {}): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">${policy ? html`\n<meta http-equiv="Content-Security-Policy" content="${policy}">` : ""}
<title>${title} – Espalier</title>
<style>${trusted(style + own)}</style>
</head>
<body>
<main>
<header>
<p class="brand">Espalier</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
${content}
</main>
</body>
</html>
`.text;

/** @param link where the first cell of a row leads to */
export const table = ({ head, rows, text }: Table, link?: (row: number) => string | undefined): Markup => {
  const linked = (cell: string, i: number, j: number) => {
    const target = j === 0 ? link?.(i) : undefined;
    return target === undefined ? cell : html`<a href="${target}">${cell}</a>`;
  };
  const row = (tag: "td" | "th", cells: readonly (string | Markup)[]) =>
    html`<tr>${cells.map((c, j) => html`<${tag}${text.includes(j) ? "" : trusted(' class="n"')}>${c}</${tag}>`)}</tr>`;
  const body = rows.map((cells, i) =>
    row(
      "td",
      cells.map((c, j) => linked(c, i, j)),
    ),
  );
  return html`<div class="scroll"><table><thead>${row("th", head)}</thead><tbody>${body}</tbody></table></div>`;
};

/** A chart under its title; where it has several names, with a box for each that hides what belongs to it. */
export function figure({ title, svg, live }: Chart): Markup {
  const boxes =
    live && live.names.length > 1
      ? html`<p class="names">${live.names.map(
          ({ name, colour }, i) =>
            html`<label><input type="checkbox" class="t${i}" checked style="accent-color:${colour}"> ${name}</label>`,
        )}</p>`
      : "";
  return html`<figure><figcaption>${title}</figcaption>${boxes}${trusted(live?.svg ?? svg)}</figure>`;
}

export const pairs = (rows: readonly (readonly [string, string])[]): Markup =>
  html`<dl>${rows.map(([k, v]) => html`<dt>${k}</dt><dd>${v}</dd>`)}</dl>`;

/** { optimizer: { name: "rmda", c: 0.1 } } → optimizer.name rmda, optimizer.c 0.1 */
export function flatten(value: unknown, path = ""): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [[path, Array.isArray(value) ? value.map(String).join(", ") : String(value)]];
  return Object.entries(value).flatMap(([k, v]) => flatten(v, path ? `${path}.${k}` : k));
}
