// What a detector on trial would have fired on, and whether somebody is told of it already. A row opens its records.

import { h } from '../dom.js';
import { createTable } from '../table.js';
import { amount } from '../detectors.js';
import { searchOf, subjectLabel, subjectLevel, subjectOf, levelText } from '../subject.js';
import { isJudged } from './figures.js';
import { duration, fixed, timeTag } from '../format.js';

const MINUTE = 60000;
/** As of alerts: what is no further apart has the same cause. */
const APART_MAX = 30 * MINUTE;
const ms = (t) => new Date(t).getTime();

/** The running detectors that fired on the same service at that time. */
function toldBy(fired, service, running) {
  return running.filter((it) => it.listed.some((other) => subjectOf(it.detector, other.series).service === service
    && ms(other.start) <= ms(fired.end) + APART_MAX && ms(other.end) >= ms(fired.start) - APART_MAX)).map((it) => it.detector).join(', ');
}

export function firedTable(ctx, host, tried, running) {
  const { detector } = tried;
  const rows = tried.listed.map((it) => {
    const about = subjectOf(detector, it.series);
    return { ...it, about, key: `${it.start} ${it.series} ${it.direction}`, levelName: levelText(about), lasted: (ms(it.end) - ms(it.start)) / 1000, told: toldBy(it, about.service, running) };
  });
  // Fields have no level.
  const hasLevels = rows.some((it) => it.levelName);
  const table = createTable(host, {
    label: 'What it would have fired on', test: 'fired-table', name: `trial-${detector}`, index: 'key', sort: [['start', 'desc']], maxHeight: window.innerWidth >= 1000 ? 400 : undefined,
    onRow: (it) => ctx.navigate('explore', { from: ms(it.start) - 5 * MINUTE, to: ms(it.end) + MINUTE, q: searchOf(it.about) }),
    columns: [
      { title: 'Time', field: 'start', width: 112, cell: (v) => timeTag(v, 'min'), csv: (v) => v },
      { title: 'Series', field: 'series', minWidth: 92, grow: hasLevels ? 1 : 2, cell: (_, it) => subjectLabel(it.about) },
      ...(hasLevels ? [{ title: 'Level', field: 'levelName', width: 104, cell: (_, it) => subjectLevel(it.about), priority: 3 }] : []),
      { title: 'Score', field: 'score', width: 68, align: 'right', cell: (v, it) => h('span', null, h('span', { class: 'arrow', 'aria-hidden': 'true' }, it.direction === 'low' ? '▼' : '▲'), h('b', null, fixed(v))), csv: (v) => v },
      { title: 'Observed', field: 'observed', width: 92, align: 'right', cell: (v) => amount(detector, v), priority: 1 },
      { title: 'Expected', field: 'expected', width: 92, align: 'right', cell: (v) => amount(detector, v), priority: 1 },
      { title: 'Lasted', field: 'lasted', width: 88, align: 'right', cell: (v) => duration(v), priority: 2 },
      { title: 'What', field: 'reason', minWidth: 160, grow: 6, priority: 5, cell: (v) => h('span', { title: v }, v) },
      ...(running.length ? [{ title: 'Told now by', field: 'told', width: 112, priority: 4, cell: (v) => v || h('span', { class: 'dim' }, 'nobody') }] : []),
      ...(isJudged(tried) ? [{ title: 'Marks say', field: 'is_false', width: 92, priority: 4, cell: (v) => (v === null ? '–' : v ? h('span', { class: 'dim' }, 'false') : h('b', null, 'real')) }] : []),
    ],
  });
  return { filled: table.set(rows), destroy: () => table.destroy() };
}
