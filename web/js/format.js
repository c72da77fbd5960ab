// Numbers, sizes, durations and times as people read them. Times are local with the zone shown once on the page; the
// title has UTC, and what is copied is ISO 8601.

import { h } from './dom.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const decimals = [0, 1, 2, 3].map((n) => new Intl.NumberFormat('en', { maximumFractionDigits: n }));
const DASH = '–';
const missing = (n) => n === null || n === undefined || Number.isNaN(n);

/** 12345 -> 12,345 */
export const number = (n) => (missing(n) ? DASH : whole.format(n));
/** 12.3456 -> 12.35 (at most `digits` decimals) */
export const decimal = (n, digits = 2) => (missing(n) ? DASH : decimals[digits].format(n));
/** 6 -> 6.0: always that many decimals, for columns and values that change */
export const fixed = (n, digits = 1) => (missing(n) ? DASH : Math.abs(n) < 1000 ? n.toFixed(digits) : decimal(n, digits));
/** 1.234 -> 1.23 %; tiny shares are not rounded to nothing. */
export function percent(n) {
  if (missing(n)) return DASH;
  if (n === 0 || n === 100) return `${n} %`;
  return n < 0.01 ? '< 0.01 %' : `${n.toFixed(n < 10 ? 2 : 1)} %`;
}

function scaled(n, steps, base) {
  if (missing(n)) return null;
  let value = Math.abs(n);
  let i = 0;
  while (value >= base * 0.9995 && i < steps.length - 1) { value /= base; i += 1; }
  const text = decimal(value, i === 0 && Number.isInteger(n) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0);
  return [n < 0 ? `-${text}` : text, steps[i]];
}

/** 12400000 -> 12.4 M; below 10,000 the whole number. */
export function si(n) {
  if (missing(n)) return DASH;
  if (Math.abs(n) < 10000) return Number.isInteger(n) ? number(n) : decimal(n, Math.abs(n) < 10 ? 1 : 0);
  const [text, unit] = scaled(n, ['', 'k', 'M', 'G', 'T'], 1000);
  return `${text} ${unit}`.trim();
}

/** 312000000 -> 312 MB (powers of ten, as disks are sold and DuckDB prints) */
export function bytes(n) {
  if (missing(n)) return DASH;
  return scaled(n, ['B', 'kB', 'MB', 'GB', 'TB'], 1000).join(' ');
}

export const rate = (n) => (missing(n) ? DASH : `${si(n)}/s`);
/** plural(3, 'record') -> 3 records */
export const plural = (n, word, many = `${word}s`) => `${number(n)} ${n === 1 ? word : many}`;

/** Seconds as people say them: 0.4 s, 42 s, 3 min 12 s, 2 h 5 min, 4 d 3 h */
export function duration(seconds) {
  if (missing(seconds)) return DASH;
  const s = Math.abs(seconds);
  if (s < 0.001 && s > 0) return '< 1 ms';
  if (s < 1) return s === 0 ? '0 s' : s < 0.1 ? `${Math.round(s * 1000)} ms` : `${decimal(s, 1)} s`;
  if (s < 10) return `${decimal(s, 1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const pair = (a, ua, b, ub) => (b ? `${a} ${ua} ${b} ${ub}` : `${a} ${ua}`);
  const r = Math.round(s);
  if (r < 3600) return pair(Math.floor(r / 60), 'min', r % 60, 's');
  if (r < 86400) return pair(Math.floor(r / 3600), 'h', Math.floor((r % 3600) / 60), 'min');
  return pair(Math.floor(r / 86400), 'd', Math.floor((r % 86400) / 3600), 'h');
}
export const millis = (ms) => duration(missing(ms) ? ms : ms / 1000);

const two = (n) => String(n).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
export const toDate = (t) => (t instanceof Date ? t : new Date(t));

/** 10:00, 10:00:05 or 10:00:05.123 */
export function clock(t, precision = 's') {
  const d = toDate(t);
  let text = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (precision !== 'min') text += `:${two(d.getSeconds())}`;
  if (precision === 'ms') text += `.${String(d.getMilliseconds()).padStart(3, '0')}`;
  return text;
}
/** 5 Jan, with the year when it is not this one */
export function day(t) {
  const d = toDate(t);
  const text = `${d.getDate()} ${MONTHS[d.getMonth()]}`;
  return d.getFullYear() === new Date().getFullYear() ? text : `${text} ${d.getFullYear()}`;
}
/** 10:00:05 today, otherwise 5 Jan 10:00:05 */
export function time(t, precision = 's') {
  if (missing(t)) return DASH;
  const d = toDate(t);
  return d.toDateString() === new Date().toDateString() ? clock(d, precision) : `${day(d)} ${clock(d, precision)}`;
}
/** Always with the date: 5 Jan 10:00:05 */
export const dateTime = (t, precision = 's') => (missing(t) ? DASH : `${day(t)} ${clock(t, precision)}`);
/** 2026-01-05T10:00:00.123Z; a string from the server keeps its microseconds. */
export const iso = (t) => (typeof t === 'string' && t.endsWith('Z') ? t : toDate(t).toISOString());
/** 2026-01-05 10:00:00.123 UTC, for titles */
export const utc = (t) => (missing(t) ? '' : `${iso(t).replace('T', ' ').replace(/Z$/, '')} UTC`);
/** "3 min ago"; under 5 s "now" */
export function ago(t, now = Date.now()) {
  if (missing(t)) return 'never';
  const s = (now - toDate(t).getTime()) / 1000;
  if (s < 5) return s < -5 ? `in ${duration(-s).split(' ').slice(0, 2).join(' ')}` : 'now';
  return `${duration(Math.round(s)).split(' ').slice(0, 2).join(' ')} ago`;
}
/** 2026-01-05 – 10:00 to 11:00, shortened as far as it stays clear */
export function rangeText(from, to) {
  const a = toDate(from);
  const b = toDate(to);
  const fine = (b - a < 600000 || a.getSeconds() || b.getSeconds()) ? 's' : 'min';
  const same = a.toDateString() === b.toDateString();
  // Over a change of clocks the hours alone would say another length.
  const [zoneA, zoneB] = a.getTimezoneOffset() === b.getTimezoneOffset() ? ['', ''] : [` ${zone(a)}`, ` ${zone(b)}`];
  return `${day(a)} ${clock(a, fine)}${zoneA} – ${same ? '' : `${day(b)} `}${clock(b, fine)}${zoneB}`;
}
/** UTC+1 or the zone's short name, at the given moment */
export function zone(t = Date.now()) {
  const part = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(toDate(t)).find((p) => p.type === 'timeZoneName');
  return part ? part.value.replace('GMT', 'UTC') : 'local';
}
/** A <time> element: local text, UTC in its title, ISO 8601 when copied (see app.js). */
export function timeTag(t, precision = 's', text = time(t, precision)) {
  return missing(t) ? h('span', { class: 'dim' }, DASH) : h('time', { datetime: iso(t), title: utc(t) }, text);
}
