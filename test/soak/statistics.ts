// Counts for the summary: answers by status, disturbances by name.
export interface Statistics {
  answer(route: string, status: number | 'broken'): void;
  count(name: string): void;
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly counts: ReadonlyMap<string, number>;
}

export function createStatistics(): Statistics {
  const answers = new Map<string, Map<string, number>>();
  const counts = new Map<string, number>();
  return {
    answers,
    counts,
    answer: (route, status) => {
      const statuses = answers.get(route) ?? new Map<string, number>();
      answers.set(route, statuses);
      statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
    },
    count: (name) => counts.set(name, (counts.get(name) ?? 0) + 1),
  };
}
