// Records per bucket and level as stacked bars: the histogram of Overview and Explore.

import { createChart, toPlot, countAxis } from './chart.js';
import { levelColor, levelLabel, levelPattern } from './levels.js';
import { timerange } from './timerange.js';
import { theme } from './theme.js';

/** -> { chart, show(answer of /api/volume) }. options as createChart's; compact: no second line under the axis. Brush and double click move the page's range. */
export function volumeChart(host, { compact = false, ...options } = {}) {
  const chart = createChart(host, { height: 180, label: 'Records by level', onBrush: timerange.zoom, onReset: timerange.reset, ...options });
  return { chart, show: (answer) => chart.render(() => draw(answer, compact)) };
}

const ONE_LINE = { tickformatstops: [{ dtickrange: [null, 60000], value: '%H:%M:%S' }, { dtickrange: [60000, 86400000], value: '%H:%M' }, { dtickrange: [86400000, null], value: '%-d %b' }] };

function draw({ times, levels, bucket_ms: width, from, to }, compact) {
  const x = times.map((t) => toPlot(t + width / 2));
  let highest = 0;
  times.forEach((_, i) => { highest = Math.max(highest, levels.reduce((sum, l) => sum + l.counts[i], 0)); });
  return {
    traces: levels.map(({ level, counts }) => ({
      type: 'bar', name: levelLabel(level), x, y: counts, width: width * 0.86,
      marker: { color: levelColor(level), line: { width: 0 },
        pattern: { shape: levelPattern(level), fillmode: 'overlay', fgcolor: theme.color('bg'), fgopacity: 0.5, size: 5, solidity: 0.25 } },
      hovertemplate: '%{y:,}',
    })),
    layout: {
      xaxis: { range: [toPlot(times[0] ?? from), toPlot((times.at(-1) ?? to - width) + width)], hoverformat: width < 60000 ? '%a %-d %b %H:%M:%S' : '%a %-d %b %H:%M', ...(compact ? ONE_LINE : {}) },
      yaxis: countAxis(highest),
    },
  };
}
