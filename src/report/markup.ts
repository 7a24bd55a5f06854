/** HTML by template: what is interpolated is escaped, unless it is markup already. */
import { visible } from "../visible.ts";

class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

type Part = string | number | Markup | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function render(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(render).join("");
  return visible(String(part), "\n\t").replace(/[&<>"']/g, (c) => ENTITIES[c]);
}

/** html`<p>${text}</p>` */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(strings.reduce((out, s, i) => out + render(parts[i - 1]) + s));

/** Takes trusted text as it is: an SVG from the charting library, a style sheet of ours. */
export const trusted = (text: string): Markup => new Markup(text);
