/** docs/methods.md is what the registry says now, and every chart is there. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { choose } from "../cli/settings/choices.ts";
import { settings } from "../cli/settings/config.ts";
import { methods, resolved } from "../cli/settings/methods.ts";
import { kebab } from "../cli/settings/names.ts";
import { trainFields } from "../cli/settings/train-fields.ts";
import { demos, methodsPage } from "../experiments/methods-page.ts";
import { optimizers, penalties } from "../src/methods.ts";

const docs = new URL("../docs/", import.meta.url);
const anew = "write it anew: npm run build && node dist/experiments/methods-doc.js";

test("the page is up to date", () => {
  expect(readFileSync(new URL("methods.md", docs), "utf8") === methodsPage(), anew).toBe(true);
});

test("every optimizer and every penalty has a section and a chart", () => {
  const page = methodsPage();
  for (const name of [...Object.keys(optimizers), ...Object.keys(penalties)])
    expect(page).toContain(`\n### \`${name}\`\n`);
  for (const name of Object.keys(demos))
    expect(existsSync(new URL(`methods/${kebab(name)}.svg`, docs)), `no chart of ${name}; ${anew}`).toBe(true);
});

test.each(Object.entries(demos))("the run that shows %s can be started", (name, demo) => {
  const chosen = choose(settings(trainFields, [{ label: (key) => `${name}: ${key}`, values: demo }]));
  expect(resolved(chosen, methods(chosen))).toMatchObject(demo);
});
