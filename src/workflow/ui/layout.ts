// The positions of a workflow's nodes on the editor's canvas: columns from left to right along the
// links, nodes one below the other in each.

export interface Box {
  readonly width: number;
  readonly height: number;
  /** The boxes that it has links from. */
  readonly sources: readonly string[];
}

export interface Position {
  readonly x: number;
  readonly y: number;
}

const COLUMN_GAP = 60;
/** Above a node is its title. */
const ROW_GAP = 70;

/** The top left corners of boxes, in pixels. The links must not form a cycle. */
export function layOut(boxes: ReadonlyMap<string, Box>): ReadonlyMap<string, Position> {
  const columns = columnsOf(boxes);
  const positions = new Map<string, Position>();
  const centre = (id: string): number => positions.get(id)!.y + boxes.get(id)!.height / 2;
  let x = 0;
  for (const column of columns) {
    const wish = new Map(
      column.map((id) => [id, mean(placedSources(boxes, id, positions), centre)]),
    );
    // nodes without sources are last, in their order
    const sorted = column
      .map((id, i) => ({ id, at: wish.get(id) ?? Number.MAX_VALUE, i }))
      .sort((a, b) => a.at - b.at || a.i - b.i);
    let y = 0;
    for (const { id } of sorted) {
      positions.set(id, { x, y });
      y += boxes.get(id)!.height + ROW_GAP;
    }
    x += Math.max(...column.map((id) => boxes.get(id)!.width)) + COLUMN_GAP;
  }
  return positions;
}

const placedSources = (
  boxes: ReadonlyMap<string, Box>,
  id: string,
  positions: ReadonlyMap<string, Position>,
): string[] => boxes.get(id)!.sources.filter((source) => positions.has(source));

const mean = (ids: readonly string[], of: (id: string) => number): number | undefined =>
  ids.length === 0 ? undefined : ids.reduce((sum, id) => sum + of(id), 0) / ids.length;

/** The ids of each column: a box is just left of its first use, or right of its last source. */
function columnsOf(boxes: ReadonlyMap<string, Box>): readonly (readonly string[])[] {
  const uses = new Map([...boxes.keys()].map((id): [string, string[]] => [id, []]));
  for (const [id, { sources }] of boxes) for (const source of sources) uses.get(source)!.push(id);
  const depthOf = memoized(
    (id): number => Math.max(-1, ...boxes.get(id)!.sources.map((source) => depthOf(source))) + 1,
  );
  const columnOf = memoized((id): number => {
    const after = uses.get(id)!.map((use) => columnOf(use));
    return after.length === 0 ? depthOf(id) : Math.min(...after) - 1;
  });
  const last = Math.max(-1, ...[...boxes.keys()].map(columnOf));
  return Array.from({ length: last + 1 }, (_, column) =>
    [...boxes.keys()].filter((id) => columnOf(id) === column),
  ).filter((column) => column.length > 0);
}

function memoized(compute: (id: string) => number): (id: string) => number {
  const cached = new Map<string, number>();
  return (id) => {
    const value = cached.get(id) ?? compute(id);
    cached.set(id, value);
    return value;
  };
}
