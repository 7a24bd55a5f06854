/**
 * Where the boxes of a block stand when some of them are larger than they were laid out: the layout is stretched, so that what
 * was left of, above or beside something stays so. This function also runs in the page, as its own text: it may use nothing but
 * its arguments.
 */

/** A layout with every box closed. */
export interface Plan {
  readonly size: readonly [width: number, height: number];
  /** Centre and size of each box. */
  readonly boxes: readonly (readonly [x: number, y: number, width: number, height: number])[];
  /** From which box to which, and the x, y between them. */
  readonly edges: readonly (readonly [from: number, to: number, bends: readonly number[]])[];
}

/** The same with some boxes larger: corners and sizes, and the edges as SVG paths. */
export interface Arrangement {
  readonly size: readonly [width: number, height: number];
  readonly boxes: readonly (readonly [left: number, top: number, width: number, height: number])[];
  readonly paths: readonly string[];
}

/** @param grown the size of each box that is not as laid out */
export function arrange(plan: Plan, grown: readonly (readonly [number, number] | undefined)[]): Arrangement {
  const size = plan.boxes.map(([, , w, h], i) => grown[i] ?? [w, h]);
  // rows: boxes of one height; each becomes as high as its highest box
  const rows: { y: number; was: number; is: number; top: number; boxes: number[] }[] = [];
  for (const i of plan.boxes.keys()) {
    const [, y, , h] = plan.boxes[i];
    let row = rows.find((r) => Math.abs(r.y - y) < 1);
    if (!row) rows.push((row = { y, was: 0, is: 0, top: 0, boxes: [] }));
    row.was = Math.max(row.was, h);
    row.is = Math.max(row.is, size[i][1]);
    row.boxes.push(i);
  }
  rows.sort((a, b) => a.y - b.y);
  let added = 0;
  for (const row of rows) {
    row.top = row.y - row.was / 2 + added;
    added += row.is - row.was;
  }
  // columns: where a box of some row grows, everything does, by as much as the row that grows most there
  const ends = new Set<number>();
  for (const [i, [x, , w]] of plan.boxes.entries()) if (size[i][0] > w) ends.add(x - w / 2).add(x + w / 2);
  const cuts = [...ends].sort((a, b) => a - b);
  const growth = cuts.slice(1).map((right, k) => {
    const [left, middle] = [cuts[k], (cuts[k] + right) / 2];
    const most = rows.map(({ boxes }) => {
      const i = boxes.find((b) => Math.abs(plan.boxes[b][0] - middle) < plan.boxes[b][2] / 2);
      return i === undefined ? 0 : Math.max(0, size[i][0] / plan.boxes[i][2] - 1);
    });
    return { left, right, by: Math.max(0, ...most) };
  });
  const column = (x: number) =>
    growth.reduce((sum, { left, right, by }) => sum + by * Math.min(Math.max(x - left, 0), right - left), x);

  const centre = plan.boxes.map(([x, y]) => {
    const row = rows.find((r) => Math.abs(r.y - y) < 1)!;
    return { x: column(x), row, y: row.top + row.is / 2 };
  });
  const boxes = centre.map(({ x, y }, i) => {
    const [w, h] = size[i];
    return [x - w / 2, y - h / 2, w, h] as const;
  });
  const paths = plan.edges.map(([from, to, bends]) => {
    const up = plan.boxes[from][1] > plan.boxes[to][1]; // a cycle: drawn from its upper end
    const [a, b] = up ? [to, from] : [from, to];
    const points: [number, number][] = [];
    for (let k = 0; k < bends.length; k += 2) points.push([bends[k], bends[k + 1]]);
    if (up) points.reverse();
    // through its own row and all that it passes an edge goes straight down; between rows it bends
    const straight = [[centre[a].x, boxes[a][1] + boxes[a][3], centre[a].row.top + centre[a].row.is]];
    for (const [x, y] of points) {
      const row = rows.find((r) => Math.abs(r.y - y) < 1);
      if (row && row !== centre[a].row && row !== centre[b].row) straight.push([column(x), row.top, row.top + row.is]);
    }
    straight.push([centre[b].x, centre[b].row.top, boxes[b][1]]);
    const round = (n: number) => Math.round(n * 10) / 10;
    return straight
      .map(([x, top, bottom], k) => {
        const [px, , py] = straight[k - 1] ?? [];
        const middle = (py + top) / 2;
        const reach =
          k === 0
            ? `M${round(x)} ${round(top)}`
            : `C${round(px)} ${round(middle)} ${round(x)} ${round(middle)} ${round(x)} ${round(top)}`;
        return round(bottom) > round(top) ? `${reach}V${round(bottom)}` : reach; // an arrow has the direction of the last part, if that is longer than 0
      })
      .join("");
  });
  return { size: [column(plan.size[0]), plan.size[1] + added], boxes, paths };
}
