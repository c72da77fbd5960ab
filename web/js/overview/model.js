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

/** So far a band is carried over minutes that were not judged: what is longer is a silence, and nobody knows what to expect in it. */
const BAND_MS = 3_600_000;

/**
 * A series whose empty minutes were left out, with them: no record in any, and the band of those before and after. Where one of
 * those stands out it may be by several minutes together, and so would the empty one: the line goes on from one to the other.
 */
export function withZeros(series) {
  const { times } = series;
  const filled = { ...series, observed: [...series.observed], expected: [...series.expected], low: [...series.low], high: [...series.high] };
  let last = null;
  series.observed.forEach((value, next) => {
    if (value === null) return;
    for (let i = (last ?? next) + 1; i < next; i += 1) {
      const apart = times[next] - times[last] > BAND_MS;
      if (apart || (series.score[last] === 0 && series.score[next] === 0)) filled.observed[i] = 0;
      if (apart) continue;
      const share = (times[i] - times[last]) / (times[next] - times[last]);
      for (const name of ['expected', 'low', 'high']) filled[name][i] = series[name][last] + share * (series[name][next] - series[name][last]);
    }
    last = next;
  });
  return filled;
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
