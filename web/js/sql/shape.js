// What a result can be drawn as: which columns are times, numbers or names, a sensible first choice, and the series
// for a choice. Pure functions over {columns, rows}.

const MOST = 8;         // series; the rest is summed as "other"

/** 'time', 'number', 'text' or 'nested' for a DuckDB type. */
export function kindOf(type) {
  const name = type.toUpperCase();
  if (/(\[\d*\]|^STRUCT|^MAP|^UNION|^LIST)/.test(name)) return 'nested';
  if (/^(TIMESTAMP|DATE)/.test(name)) return 'time';
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|REAL|DECIMAL)/.test(name)) return 'number';
  return 'text';
}

// Rows that share their x have something else that tells them apart.
const repeats = (rows, at) => distinct(rows, at) < Math.min(rows.length, 2000);
const distinct = (rows, at) => new Set(rows.slice(0, 2000).map((row) => row[at])).size;

/** {type, x, y, split} with column names; null where there is nothing to draw. y is a name or '*': every number. */
export function guess({ columns, rows }) {
  const kinds = columns.map((column) => kindOf(column.type));
  const of = (kind) => columns.map((c, i) => i).filter((i) => kinds[i] === kind);
  const [times, numbers, texts] = [of('time'), of('number'), of('text')];
  if (!rows.length || !numbers.length) return null;
  const name = (at) => columns[at].name;
  if (times.length) {
    const split = !repeats(rows, times[0]) ? undefined : texts.find((at) => distinct(rows, at) > 1 && distinct(rows, at) <= 60);
    const y = split === undefined && numbers.length > 1 && numbers.length <= 4 ? '*' : name(numbers[0]);
    return { type: 'line', x: name(times[0]), y, split: split === undefined ? '' : name(split) };
  }
  if (texts.length) {
    const split = !repeats(rows, texts[0]) ? undefined : texts.slice(1).find((at) => distinct(rows, at) > 1 && distinct(rows, at) <= 20);
    return { type: 'bar', x: name(texts[0]), y: name(numbers[0]), split: split === undefined ? '' : name(split) };
  }
  if (numbers.length > 1) return { type: rows.length > 40 ? 'scatter' : 'bar', x: name(numbers[0]), y: name(numbers[1]), split: '' };
  return null;
}

/** A choice from the address, as far as its columns still exist; otherwise the guess. */
export function settle(result, wanted) {
  const first = guess(result);
  if (!first) return null;
  const has = (name) => result.columns.some((column) => column.name === name);
  return {
    type: ['line', 'bar', 'scatter'].includes(wanted.type) ? wanted.type : first.type,
    x: has(wanted.x) ? wanted.x : first.x,
    y: has(wanted.y) || wanted.y === '*' ? wanted.y : first.y,
    split: has(wanted.split) || wanted.split === '-' ? wanted.split.replace(/^-$/, '') : first.split,
  };
}

const asNumber = (value) => {
  if (value === null || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
};

// DuckDB writes times without a zone; they are UTC.
const asTime = (value) => {
  if (value === null) return null;
  const text = String(value).replace(' ', 'T');
  const time = Date.parse(/[zZ]$|[+-]\d\d(:?\d\d)?$/.test(text) || text.length === 10 ? text.replace(/([+-]\d\d)$/, '$1:00') : `${text}Z`);
  return Number.isNaN(time) ? null : time;
};

/**
 * {kind of x, added: whether rows were added up, list: [{name, x: […], y: […]}]} for a choice, at most MOST and "other";
 * times are epoch milliseconds.
 */
export function series({ columns, rows }, choice) {
  const at = (name) => columns.findIndex((column) => column.name === name);
  const x = at(choice.x);
  const kind = kindOf(columns[x].type);
  const place = kind === 'time' ? asTime : kind === 'number' ? asNumber : (value) => (value === null ? 'NULL' : String(value));
  const numbers = columns.map((c, i) => i).filter((i) => kindOf(columns[i].type) === 'number' && i !== x);
  const ys = choice.y === '*' ? numbers : [at(choice.y)];
  const split = choice.split ? at(choice.split) : -1;
  const groups = new Map();
  for (const row of rows) {
    const where = place(row[x]);
    if (where === null) continue;
    for (const y of ys) {
      const name = split >= 0 ? String(row[split] ?? 'NULL') : columns[y].name;
      const group = groups.get(name) ?? { name, points: [], sum: 0 };
      groups.set(name, group);
      const value = asNumber(row[y]);
      group.points.push([where, value]);
      group.sum += Math.abs(value ?? 0);
    }
  }
  let list = [...groups.values()];
  if (list.length > MOST) {
    const order = [...list].sort((a, b) => b.sum - a.sum);
    const kept = new Set(order.slice(0, MOST));
    const rest = order.slice(MOST);
    list = [...list.filter((group) => kept.has(group)), other(rest, choice.type)];
  }
  let added = false;
  for (const group of list) {
    // A line has one value at a place: rows that the choice does not tell apart are added up.
    if (choice.type !== 'scatter') {
      const before = group.points.length;
      group.points = sums(group.points);
      added ||= group.points.length < before;
    }
    // Lines go from left to right; bars keep the order of the result.
    if (choice.type === 'line' && kind !== 'text') group.points.sort((a, b) => a[0] - b[0]);
  }
  return { kind, added, list: list.map((g) => ({ name: g.name, other: Boolean(g.other), x: g.points.map((p) => p[0]), y: g.points.map((p) => p[1]) })) };
}

function other(rest, type) {
  const name = `other (${rest.length})`;
  if (type === 'scatter') return { name, other: true, points: rest.flatMap((group) => group.points) };
  return { name, other: true, points: sums(rest.flatMap((group) => group.points)) };
}

/**
 * Lines over a grid of times ([{x: milliseconds, y}], in order) with a null where some of its steps have no row: a gap
 * stays a gap. Times that are no grid are left as they are.
 */
export function withGaps(list) {
  const times = [...new Set(list.flatMap((line) => line.x))].sort((a, b) => a - b);
  const apart = times.slice(1).map((time, at) => time - times[at]);
  const step = apart.reduce((a, b) => Math.min(a, b), Infinity);
  if (apart.length < 2 || step < 1000 || apart.some((each) => each % step !== 0)) return list;
  return list.map((line) => {
    const [x, y] = [[], []];
    line.x.forEach((time, at) => {
      if (at > 0 && time - line.x[at - 1] > step) {
        x.push(line.x[at - 1] + step);
        y.push(null);
      }
      x.push(time);
      y.push(line.y[at]);
    });
    return { ...line, x, y };
  });
}

/** One point a place; null only where there is nothing but null. */
function sums(points) {
  const found = new Map();
  for (const [where, value] of points) {
    const before = found.get(where) ?? null;
    found.set(where, value === null ? before : (before ?? 0) + value);
  }
  return [...found];
}
