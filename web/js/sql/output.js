// What a statement gave: as a table or a chart, or the error in DuckDB's words.
import { h, replace } from '../dom.js';
import { createGrid } from './grid.js';
import { createPlot } from './plot.js';
import { empty, errorBox, skeleton } from '../ui.js';

/** state: {show: 'table'|'chart', chart: {type, x, y, split}}; onChart(choice) when another chart was chosen. */
export function createOutput(place, { onChart }) {
  let shown = null;
  let round = 0;
  const clear = () => {
    shown?.destroy();
    shown = null;
    place.textContent = '';
  };
  return {
    /** Before the first statement; examples: [{title, sql}] */
    start(examples = [], onOpen) {
      clear();
      replace(place, empty({
        title: 'Ask the logs', text: 'Write a statement and press Ctrl-Enter, or begin with an example. It only reads: nothing can be changed from here.',
        actions: examples.slice(0, 6).map(({ title, sql }) => h('button', { type: 'button', class: 'btn', title: sql, onclick: () => onOpen(sql) }, title)),
      }));
    },
    /** A first answer is on its way; an older one stays until then. */
    wait(first) {
      place.classList.toggle('sql-output-old', !first);
      if (first) {
        clear();
        replace(place, skeleton({ lines: 8 }));
      }
    },
    async result(result, { show, chart }) {
      const mine = ++round;
      place.classList.remove('sql-output-old');
      clear();
      try {
        const made = show === 'chart' ? createPlot(place, result, chart, onChart) : await createGrid(place, result);
        if (mine === round) shown = made;
        else made.destroy();
      } catch (error) {
        if (mine === round) replace(place, errorBox(error));
      }
    },
    /** where: {line, column} or null */
    error(error, where, retry) {
      round += 1;
      place.classList.remove('sql-output-old');
      clear();
      if (error.status !== 400) {
        replace(place, errorBox(error, retry));
        return;
      }
      replace(place, h('div', { class: 'sql-error', role: 'alert', 'data-test': 'sql-error' },
        h('p', { class: 'sql-error-title' }, where ? `The statement does not work: line ${where.line}, column ${where.column}` : 'The statement does not work'),
        h('pre', { class: 'sql-error-text', tabindex: '0', 'aria-label': "DuckDB's message" }, error.message),
        error.hint ? h('p', { class: 'dim' }, error.hint) : null));
    },
    cancelled() {
      round += 1;
      place.classList.remove('sql-output-old');
      clear();
      replace(place, empty({ title: 'Cancelled', text: 'The server has stopped working on it.' }));
    },
    destroy() { round += 1; clear(); },
  };
}
