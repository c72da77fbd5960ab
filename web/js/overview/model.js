// What the panels of the Overview share: threshold, level, detector and series as the URL has them (or their defaults), the last
// answer of /api/scores, and what follows from both.

import { state } from '../state.js';
import { facts } from '../facts.js';
import { PICTURE } from '../detectors.js';

export const THRESHOLD_MIN = 1;
export const THRESHOLD_MAX = 20;

export const model = {
  scores: null,
  /** While the line or the slider is dragged: the value that is not in the URL yet. */
  dragged: null,
  get threshold() {
    const n = Number.parseFloat(state.get().threshold);
    return model.dragged ?? (n > 0 ? n : facts.status?.threshold ?? 6);
  },
  get level() {
    return ['WARN', 'ERROR', 'FATAL'].includes(state.get().level) ? state.get().level : 'ERROR';
  },
  /** Whose anomalies are listed: the monitor's; or the z-score's, as soon as there is a threshold. */
  get found() {
    const { found, threshold } = state.get();
    if (found === 'monitor' || found === 'zscore') return found;
    return threshold || model.dragged !== null ? 'zscore' : 'monitor';
  },
  /** Whose scores are wanted; and whose are drawn, until those are here. */
  get wanted() {
    return state.get().detector ?? PICTURE;
  },
  get detector() {
    return model.scores?.detector ?? model.wanted;
  },
  get isPicture() {
    return model.detector === PICTURE;
  },
  /** From which score on what is drawn fires: the threshold that can be dragged, or the detector's own. */
  get bar() {
    return model.isPicture ? model.threshold : model.scores?.threshold ?? 0;
  },
  /** Index of the series whose band is shown: the chosen one, otherwise the one that stands out most. */
  get chosen() {
    const list = model.scores?.series ?? [];
    const wanted = list.findIndex((s) => s.series === state.get().series);
    return wanted >= 0 ? wanted : list.length ? 0 : -1;
  },
};

export const seriesLabel = (name) => name || 'no service';

/** The peaks above the threshold of a series: [{ i, score }], one for each run of points. */
export function peaks(series, threshold) {
  const found = [];
  let run = null;
  series.score.forEach((score, i) => {
    if (score === null || Math.abs(score) < threshold) {
      run = null;
      return;
    }
    if (!run || Math.sign(run.score) !== Math.sign(score)) {
      run = { i, score };
      found.push(run);
    } else if (Math.abs(score) > Math.abs(run.score)) Object.assign(run, { i, score });
  });
  return found;
}

/** Values with a null where points are further apart than a step, so that a gap is drawn as one. */
export function withGaps(times, step, ...columns) {
  const out = [[], ...columns.map(() => [])];
  times.forEach((t, i) => {
    if (i > 0 && t - times[i - 1] > step * 2.5) {
      out[0].push(times[i - 1] + step);
      columns.forEach((_, c) => out[c + 1].push(null));
    }
    out[0].push(t);
    columns.forEach((column, c) => out[c + 1].push(column[i]));
  });
  return out;
}
