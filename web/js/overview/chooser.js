// Whose scores are drawn: the detector and, for others than the z-score, the service, which they need to be quick.

import { h, replace } from '../dom.js';
import { state } from '../state.js';
import { aborted } from '../api.js';
import { detectors, PICTURE, barText, hasBudget } from '../detectors.js';
import { decimal, plural } from '../format.js';
import { model } from './model.js';

export function chooser(ctx) {
  const detector = h('select', { class: 'select', 'aria-label': 'Detector', 'data-test': 'score-detector', onchange: () => state.set({ detector: detector.value === PICTURE ? null : detector.value, series: null, ...(detector.value === PICTURE ? { service: null } : {}) }) });
  const service = h('select', { class: 'select', 'aria-label': 'Service', 'data-test': 'score-service', onchange: () => state.set({ service: service.value, series: null }) });
  const bar = h('span', { class: 'field', 'data-test': 'score-threshold' });
  const list = (select, names, chosen) => {
    if (!names.includes(chosen)) names = [...names, chosen];
    if (names.join('\n') !== [...select.options].map((it) => it.value).join('\n')) replace(select, names.map((name) => h('option', { value: name }, name)));
    select.value = chosen;
  };

  function sync() {
    const names = (detectors.known?.detectors ?? []).map((it) => it.name).filter((name) => name !== PICTURE);
    list(detector, [PICTURE, ...names], model.wanted);
    service.hidden = model.wanted === PICTURE || !service.options.length;
    bar.hidden = model.wanted === PICTURE || model.wanted !== model.scores?.detector;
  }
  sync();

  return {
    els: [detector, service, bar],
    sync,
    /** Which there are; the picture needs no answer to be drawn. */
    async load() {
      try {
        await detectors.load(ctx.api);
        sync();
      } catch (error) {
        if (!aborted(error)) console.warn(error.message);
      }
    },
    /** The service to ask for: the one of the address, otherwise the one with the most errors; null: there is none. */
    async serviceOf(signal) {
      const { services } = await ctx.api.get('services', state.range(), { signal });
      const names = services.map((it) => it.service).filter(Boolean);
      const asked = state.get().service ?? names[0] ?? null;
      if (asked !== null) list(service, names, asked);
      service.hidden = asked === null;
      return asked;
    },
    /** Its threshold, and where that comes from. */
    threshold(value) {
      const known = detectors.find(model.detector);
      const budget = known && hasBudget(known);
      const allowed = detectors.known?.false_alarms_per_day ?? 1;
      bar.textContent = `Fires from ${barText(value, known?.unit)}`;
      bar.title = budget ? `From the budget: ${plural(allowed, 'false alarm')} a day and thousand series` : '';
      bar.hidden = false;
      return budget ? `Its threshold of ${barText(value, known.unit)} follows from the budget of ${allowed === 1 ? 'one false alarm' : `${decimal(allowed, 2)} false alarms`} a day and thousand series.` : `Its threshold of ${barText(value, known?.unit)} is its own.`;
    },
  };
}
