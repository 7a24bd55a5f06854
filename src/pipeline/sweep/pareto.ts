/** Points of several objectives, each the better the lower: which are beaten, and an order of all of them. */

/** One number per objective; the lower the better. */
export type ObjectivePoint = readonly number[];

const isBeaten = (a: ObjectivePoint, by: ObjectivePoint): boolean =>
  by.every((x, i) => x <= a[i]) && by.some((x, i) => x < a[i]);

/** The indices of the points that none of the others beats in everything; of equal points all. Without a point: never. */
export function frontOf(points: readonly (ObjectivePoint | null)[]): number[] {
  return points.flatMap((a, i) => (a && !points.some((b) => b && isBeaten(a, b)) ? [i] : []));
}

/**
 * The indices from the best on: by one objective its order; by several front after front (Deb et al. 2002), in a front the lonelier
 * first. Of equals the earlier first; those without a point (null) last.
 * @param most so many at the head are wanted in order; the others follow as they stand
 */
export function rankedPoints(points: readonly (ObjectivePoint | null)[], most = points.length): number[] {
  const left: (ObjectivePoint | null)[] = points.map((p) => (p?.every(Number.isFinite) ? p : null));
  const first = left.find((p) => p !== null);
  const order = first?.length === 1 ? byOne(left) : [];
  for (let front = frontOf(left); first && order.length < most && front.length > 0; front = frontOf(left)) {
    const far = distances(front.map((i) => left[i]!));
    const sorted = front.map((i, k) => ({ i, far: far[k] }));
    sorted.sort((a, b) => (a.far === b.far ? a.i - b.i : b.far - a.far));
    for (const { i } of sorted) {
      order.push(i);
      left[i] = null;
    }
  }
  const ranked = new Set(order);
  return [...order, ...[...points.keys()].filter((i) => !ranked.has(i))];
}

function byOne(points: (ObjectivePoint | null)[]): number[] {
  const known = [...points.keys()].filter((i) => points[i]);
  known.sort((a, b) => points[a]![0] - points[b]![0] || a - b);
  for (const i of known) points[i] = null;
  return known;
}

/** How far each point is from its neighbours, summed over the objectives as shares of their range; at an end infinitely far. */
function distances(front: readonly ObjectivePoint[]): number[] {
  const sums = front.map(() => 0);
  for (const k of front[0].keys()) {
    const along = front.map((p, i) => ({ i, x: p[k] })).sort((a, b) => a.x - b.x || a.i - b.i);
    const range = along[along.length - 1].x - along[0].x;
    along.forEach(({ i }, at) => {
      const [before, after] = [along[at - 1], along[at + 1]];
      sums[i] += !before || !after ? Number.POSITIVE_INFINITY : range > 0 ? (after.x - before.x) / range : 0;
    });
  }
  return sums;
}
