/** What the help says of a setting that methods bring: whose it is, what it is for, and what it is when nothing is said. */
import type { OptimizerMethod } from "espalier";
import { optimizers } from "espalier";
import type { OptionOwner } from "./method-options.ts";
import { kebab } from "./names.ts";

/** A number as people write it: 1e-8, 0.001. */
export const written = (x: unknown): string =>
  typeof x === "number"
    ? x !== 0 && Math.abs(x) < 1e-3
      ? x.toExponential()
      : String(x)
    : Array.isArray(x)
      ? x.map(written).join(",")
      : kebab(String(x));

const label = ({ name, form }: OptionOwner): string =>
  kebab(name) + (form === undefined ? "" : ` in the form ${kebab(form)}`);

/** The owners that share something, in order. */
function alike(owners: readonly OptionOwner[], what: (owner: OptionOwner) => unknown): OptionOwner[][] {
  const groups = new Map<string, OptionOwner[]>();
  for (const owner of owners) {
    const key = JSON.stringify(what(owner) ?? null);
    groups.set(key, [...(groups.get(key) ?? []), owner]);
  }
  return [...groups.values()];
}

/** "(default 0.1; ramda 0.01)" */
function defaults(owners: readonly OptionOwner[]): string {
  const value = ({ spec }: OptionOwner) => spec.default ?? spec.start;
  const said = owners.filter((o) => value(o) !== undefined && value(o) !== false);
  if (said.length === 0) return "";
  const [first, ...others] = alike(said, value).sort((a, b) => b.length - a.length);
  const rest = others.map((group) => `; ${group.map(label).join(", ")} ${written(value(group[0]))}`);
  return ` (default ${written(value(first[0]))}${rest.join("")})`;
}

/** Whose setting it is, what it is for and what it is when nothing is said. */
export function help(owners: readonly OptionOwner[], methods: number): string {
  const ofMost = new Set(owners.map((o) => o.name)).size > methods / 2;
  return alike(owners, (o) => o.spec.description)
    .map((group) => {
      const description = `${group[0].spec.description}${defaults(group)}`;
      return ofMost ? description : `${namesOf(group)}: ${description}`;
    })
    .concat(composed(owners))
    .join("; ");
}

/** What a run with composed layers takes instead. */
function composed(owners: readonly OptionOwner[]): string[] {
  const changed = owners.filter((o) => o.composed !== undefined);
  return alike(changed, (o) => o.composed).map((all) => `with lorita ${namesOf(all)} ${written(all[0].composed)}`);
}

/** Names, without a form where all that a method has are meant. */
function namesOf(owners: readonly OptionOwner[]): string {
  const names = owners.map((o) =>
    owners.filter((other) => other.name === o.name).length > 1 ? kebab(o.name) : label(o),
  );
  return [...new Set(names)].join(", ");
}

/** "learning rate (default 0.1; 0.001 for adam, …)" */
export const lrHelp = ((): string => {
  const all = Object.values(optimizers).flatMap((o: OptimizerMethod) =>
    o.forms.map(({ form, defaults: { lr } }, i) => ({
      name: o.name,
      form: i === 0 ? undefined : form,
      spec: { default: lr },
    })),
  );
  return `learning rate${defaults(all)}`;
})();
