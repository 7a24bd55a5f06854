/**
 * What the page of a network does by itself: blocks open and close, names are found. Both functions run there as their own text, so
 * they use nothing but their arguments and the page.
 */
import type { Arrangement, Plan } from "./network-arrange.ts";

/** What the page holds of each block. */
export interface PagePlan {
  readonly id: string;
  readonly plan: Plan;
  /** The elements of the plan's boxes. */
  readonly boxes: readonly string[];
}

type Arrange = (plan: Plan, grown: readonly (readonly [number, number] | undefined)[]) => Arrangement;

type Size = readonly [width: number, height: number];

/** @param openSize what an open block takes for what is inside */
export function explore(page: Document, arrange: Arrange, openSize: (inside: Size) => Size): void {
  const plans: readonly PagePlan[] = JSON.parse(page.getElementById("plans")!.textContent!);
  const byId = new Map(plans.map((p) => [p.id, p]));
  const element = (id: string) => page.getElementById(id)!;
  const button = (id: string) => element(id).querySelector<HTMLElement>(":scope > .head");
  const isOpen = (id: string) => button(id)?.getAttribute("aria-expanded") !== "false";

  /** Puts everything inside an open block where it belongs. */
  const place = ({ id, plan, boxes }: PagePlan): Size => {
    const grown = boxes.map((box) => {
      const inner = byId.get(box);
      return inner && isOpen(box) ? openSize(place(inner)) : undefined;
    });
    const made = arrange(plan, grown);
    made.boxes.forEach(([left, top, width, height], i) => {
      const { style } = element(boxes[i]);
      style.left = `${left}px`;
      style.top = `${top}px`;
      style.width = `${width}px`;
      style.height = `${height}px`;
    });
    const inside = element(`${id}-inside`);
    inside.style.width = `${made.size[0]}px`;
    inside.style.height = `${made.size[1]}px`;
    inside.querySelectorAll(":scope > svg > path").forEach((path, i) => {
      path.setAttribute("d", made.paths[i]);
    });
    return made.size;
  };
  const turn = (id: string, open: boolean) => {
    button(id)?.setAttribute("aria-expanded", String(open));
    element(id).classList.toggle("open", open);
    element(`${id}-inside`).hidden = !open;
  };
  const root = plans[0];
  const inner = plans.slice(1);
  /** Changes the picture and keeps what is looked at under the eye. */
  const change = (at: Element, what: () => void) => {
    const before = at.getBoundingClientRect();
    what();
    place(root);
    const after = at.getBoundingClientRect();
    element("stage").scrollLeft += after.left - before.left;
    page.defaultView?.scrollBy(0, after.top - before.top);
  };
  for (const { id } of inner) {
    const own = button(id)!;
    own.addEventListener("click", () => change(own, () => turn(id, !isOpen(id))));
  }
  const all = (open: boolean) => (event: Event) =>
    change(event.currentTarget as Element, () => {
      for (const { id } of inner) turn(id, open);
    });
  element("open-all").addEventListener("click", all(true));
  element("close-all").addEventListener("click", all(false));

  const sought = element("find") as HTMLInputElement;
  let last = "";
  let times = 0;
  element("finder").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = sought.value.trim().toLowerCase();
    times = text === last ? times + 1 : 0;
    last = text;
    const found = [...page.querySelectorAll<HTMLElement>("#stage [title]")].filter((e) =>
      `${e.title} ${e.textContent}`.toLowerCase().includes(text),
    );
    element("found").textContent =
      text === ""
        ? ""
        : found.length === 0
          ? "nothing of that name"
          : `${(times % found.length) + 1} of ${found.length}`;
    if (text === "" || found.length === 0) return;
    const next = found[times % found.length];
    for (let up = next.closest(".inside"); up; up = up.parentElement!.closest(".inside"))
      if (up.parentElement!.id !== root.id) turn(up.parentElement!.id, true);
    place(root);
    next.focus();
    next.scrollIntoView({ block: "center", inline: "center" });
  });
}
