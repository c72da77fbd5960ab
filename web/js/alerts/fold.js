// Alerts with a common cause as one: the strongest names the incident, the others are folded below it. Pure.

/** The strongest first; of equal ones that which came first. */
const byStrength = (a, b) => Math.abs(b.score) - Math.abs(a.score) || a.id - b.id;

/** Rows with { head, place, others }: head is the row they are folded under (the strongest's is its own), place their order there. */
export function incidents(alerts) {
  const groups = new Map();
  for (const alert of alerts) {
    if (!groups.has(alert.incident)) groups.set(alert.incident, []);
    groups.get(alert.incident).push(alert);
  }
  return [...groups.values()].flatMap((group) => {
    // Mail goes out once an incident, under the number of its first alert.
    const mail = group.find((alert) => alert.mail)?.mail ?? null;
    const rows = [...group].sort(byStrength).map((alert, place) => ({ ...alert, place, mail: place ? null : mail }));
    const [head] = rows;
    for (const row of rows) row.head = head;
    head.others = rows.length - 1;
    head.anyOpen = rows.some((row) => row.state === 'open');
    return rows;
  });
}

/** The rows to be seen: of an incident that is not unfolded only its head. */
export const visible = (rows, unfolded) => rows.filter((row) => row.place === 0 || unfolded.has(row.head.id));

const compare = (a, b) => {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;
};

/** A table's sorter by a field that keeps folded rows below their first, whichever way it sorts. */
export const byHead = (field) => (_a, _b, rowA, rowB, _column, direction) => {
  const [a, b] = [rowA.getData(), rowB.getData()];
  if (a.head.id !== b.head.id) return compare(a.head[field], b.head[field]) || a.head.id - b.head.id;
  return direction === 'desc' ? b.place - a.place : a.place - b.place;
};
