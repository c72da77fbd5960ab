// The results over time by level, above the rows. Dragging across it narrows the time range of the page.
import { h, replace } from '../dom.js';
import { dateTime, number } from '../format.js';
import { errorBox, skeleton } from '../ui.js';
import { volumeChart } from '../volume.js';

const HEIGHT = 88;

export function createHistogram(place) {
  const cover = h('div', { class: 'histogram-cover' }, skeleton({ fill: true }));
  const box = h('div', { class: 'histogram', 'data-test': 'histogram', style: { height: `${HEIGHT}px` } });
  const bars = volumeChart(box, { height: HEIGHT, label: 'Records over time by level', compact: true });
  const { chart } = bars;
  box.append(cover);
  place.append(box);
  const covered = (node) => { cover.hidden = !node; if (node) replace(cover, node); };
  let shown = false;

  const stale = (is) => box.classList.toggle('counts-stale', is);

  return {
    /** What is shown is of another search, until the next answer. */
    stale(is) { stale(is && shown); },
    /** There is nothing to show. */
    clear() {
      shown = false;
      stale(false);
      covered(h('div'));
    },
    wait() { if (!shown) covered(skeleton({ fill: true })); },
    fail(error, retry) {
      shown = false;
      stale(false);
      covered(errorBox(error, retry));
    },
    /** The answer of /api/volume. */
    async show(volume) {
      chart.label(`${number(volume.total)} records over time by level, ${volume.times.length ? `${dateTime(volume.from)} to ${dateTime(volume.to)}` : 'none'}`);
      try {
        await bars.show(volume);
        shown = true;
        stale(false);
        covered(null);
      } catch (error) {
        this.fail(error, () => this.show(volume));
      }
    },
    destroy() { chart.destroy(); },
  };
}
