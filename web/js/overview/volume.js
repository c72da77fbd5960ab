// Records by level, and beside it the share of errors; both from one answer of /api/volume.

import { h, replace } from '../dom.js';
import { panel, button } from '../ui.js';
import { volumeChart } from '../volume.js';
import { createChart, saveMenu, toPlot } from '../chart.js';
import { levelTag, levelWord, levelRank } from '../levels.js';
import { timerange } from '../timerange.js';
import { theme } from '../theme.js';
import { state } from '../state.js';
import { newest, aborted } from '../api.js';
import { facts } from '../facts.js';
import { logsLink } from '../query.js';
import { number, plural, percent, duration, dateTime, si } from '../format.js';

const isError = (level) => levelRank(level) >= levelRank('ERROR');

export function volumePanels(ctx) {
  const latest = newest();
  const volume = panel({ title: 'Records', test: 'panel-volume', className: 'span-8' });
  const share = panel({ title: 'Error share', test: 'panel-error-share', className: 'span-4' });
  const bars = volumeChart(volume.body, { label: 'Records by level' });
  const line = createChart(share.body, { height: 180, label: 'Error share', onBrush: timerange.zoom, onReset: timerange.reset });
  const legend = h('div', { class: 'legend', 'data-test': 'level-legend' });
  volume.tools.append(legend, saveMenu(bars.chart, 'records'));
  share.tools.append(saveMenu(line, 'error-share'));

  async function show(answer) {
    const { levels, times } = answer;
    // What is drawn: the first and last bar may reach a little over the range.
    const total = levels.reduce((sum, l) => sum + l.counts.reduce((a, b) => a + b, 0), 0);
    if (!total) {
      const last = facts.status?.last;
      const options = { title: 'No records in this time range', text: last ? `The newest is from ${dateTime(last)}.` : '',
        actions: [timerange.zoomed && button({ label: 'Back to the range before', onclick: timerange.reset, test: 'range-reset' }), button({ label: 'Show all records', onclick: () => timerange.set('all'), test: 'show-all' })] };
      replace(legend);
      volume.note('');
      share.note('');
      volume.empty(options);
      share.empty({ title: 'Nothing to show' });
      return;
    }
    volume.note(`${si(total)} · one bar is ${duration(answer.bucket_ms / 1000)}`);
    replace(legend, [...levels].reverse().map(({ level, counts }) => {
      const n = counts.reduce((a, b) => a + b, 0);
      return h('a', { class: 'legend-item', href: logsLink({ level: levelWord(level) }), title: `${plural(n, 'record')}: open in Explore`, 'data-test': `legend-${levelWord(level)}` }, levelTag(level), h('span', { class: 'legend-count' }, si(n)));
    }));
    const errors = times.map((_, i) => levels.reduce((sum, l) => sum + (isError(l.level) ? l.counts[i] : 0), 0));
    const all = times.map((_, i) => levels.reduce((sum, l) => sum + l.counts[i], 0));
    const count = errors.reduce((a, b) => a + b, 0);
    share.note(h('a', { href: logsLink({ level: '>=error' }), 'data-test': 'error-share' }, h('b', { class: 'big' }, percent((100 * count) / total)), ` ${number(count)} of ${si(total)}`));
    bars.chart.label(`Records by level, ${number(total)} in all`);
    await Promise.all([bars.show(answer), line.render(() => drawShare(answer, errors, all))]);
    volume.ready();
    share.ready();
  }

  return {
    els: [volume.el, share.el],
    async load() {
      volume.loading();
      share.loading();
      try {
        await show(await latest((signal) => ctx.api.get('volume', { ...state.range(), buckets: 120 }, { signal })));
      } catch (error) {
        if (aborted(error)) return;
        if (error.offline && volume.filled) return;
        volume.error(error, () => this.load());
        share.error(error, () => this.load());
      }
    },
    destroy() {
      latest.cancel();
      bars.chart.destroy();
      line.destroy();
    },
  };
}

/** Of fewer records a share says little. */
const FEW = 20;

function drawShare({ times, bucket_ms: width }, errors, all) {
  const y = errors.map((n, i) => (all[i] ? (100 * n) / all[i] : null));
  const top = Math.max(...y.map((v) => v ?? 0), 1) * 1.1;
  return {
    // Bars: where there are no records there is nothing, and no line to what comes after.
    traces: [{ type: 'bar', name: 'Error share', x: times.map((t) => toPlot(t + width / 2)), y, width,
      marker: { color: theme.color('level-error'), opacity: all.map((n) => (n < FEW ? 0.35 : 0.9)), line: { width: 0 } },
      customdata: errors.map((n, i) => `${number(n)} of ${number(all[i])}`), hovertemplate: '%{y:.2f} %, %{customdata}' }],
    layout: { xaxis: { range: [toPlot(times[0]), toPlot(times.at(-1) + width)], nticks: 5 }, yaxis: { range: [0, top], ticksuffix: ' %', tickformat: top < 5 ? '.1f' : 'd' } },
  };
}
