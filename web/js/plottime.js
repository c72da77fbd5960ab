// The time of charts. Plotly draws the time it is told and knows no zones. It is told local time as it is at the first time
// of a chart, to its end: over a change of clocks an hour would otherwise be there twice, its bars on top of each other, or
// never. Where a chart spans one, ticks say the local time of their places.

import { clock, day, zone } from './format.js';

const HOUR = 3_600_000;
const STEPS = [60_000, 300_000, 600_000, 900_000, 1_800_000, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 7 * 24 * HOUR];

/** What local time is ahead of UTC at a time, in milliseconds. */
const shiftAt = (ms) => -new Date(ms).getTimezoneOffset() * 60_000;

// While a chart is built: the shift of its first time, null before that; undefined at other times.
let shift;

/** What `build` makes of times by toPlot(), and the shift that it needs to be read back: [built, shift]. */
export function shifted(build) {
  shift = null;
  try {
    const built = build();
    return [built, shift ?? shiftAt(Date.now())];
  } finally {
    shift = undefined;
  }
}

/** Milliseconds -> the text that Plotly takes. */
export function toPlot(ms) {
  if (shift === null) shift = shiftAt(ms);
  return new Date(ms + (shift ?? shiftAt(ms))).toISOString().slice(0, 23).replace('T', ' ');
}

/** And back. */
export function fromPlot(text, own) {
  if (typeof text === 'number') return text;
  const iso = String(text).replace(' ', 'T');
  return Date.parse(iso.length === 10 ? `${iso}T00:00Z` : `${iso}Z`) - own;
}

/** The first time of a grid of local times at or after `from`. */
function aligned(from, step) {
  const grain = Math.min(step, HOUR / 4);
  let at = Math.ceil(from / grain) * grain;
  while ((at + shiftAt(at)) % step !== 0 && at < from + 8 * 24 * HOUR) at += grain;
  return at;
}

/** What an axis of times needs when clocks change on the way (`own`: the chart's shift); otherwise null. */
export function overChange(start, end, own, { days, count = 8 }) {
  if (!(end > start) || shiftAt(start) === shiftAt(end)) return null;
  const step = STEPS.find((each) => (end - start) / each <= count) ?? STEPS.at(-1);
  const places = [];
  // An hour comes twice, or is left out: each place is looked for by itself.
  for (let at = aligned(start, step); at <= end; at = aligned(at + Math.min(step, HOUR / 4), step)) places.push(at);
  const text = (at, i) => {
    const changed = i > 0 && shiftAt(at) !== shiftAt(places[i - 1]);
    const time = step >= 24 * HOUR ? day(at) : days ? `${clock(at, 'min')}<br>${day(at)}` : clock(at, 'min');
    return changed ? `${time} ${zone(at)}` : time;
  };
  return {
    tickvals: places.map((at) => new Date(at + own).toISOString().slice(0, 19).replace('T', ' ')),
    ticktext: places.map(text),
    hoverformat: `%a %-d %b %H:%M ${zone(start)}`,
  };
}
