// The Overview: is everything well, and if not, where? Volume by level, error share, anomaly scores, anomalies, services
// and the health of ingest. Each panel loads, fails and recovers by itself.

import { h, replace } from '../dom.js';
import { facts } from '../facts.js';
import { volumePanels } from '../overview/volume.js';
import { scorePanels } from '../overview/scores.js';
import { anomalyPanel } from '../overview/anomalies.js';
import { servicePanel } from '../overview/services.js';
import { healthPanel } from '../overview/health.js';
import { startPage } from '../overview/start.js';

export default {
  id: 'overview',
  title: 'Overview',
  keys: 'o',
  help: [['j k', 'next and previous anomaly'], ['Enter', 'open its records'], ['↑ ↓', 'move the threshold when its line has the focus']],

  mount(root, ctx) {
    let parts = null;
    function build() {
      const anomalies = anomalyPanel(ctx);
      const scores = scorePanels(ctx, { onThreshold: () => anomalies.soon() });
      parts = { volume: volumePanels(ctx), scores, anomalies, services: servicePanel(ctx), health: healthPanel() };
      replace(root, h('h1', { class: 'visually-hidden' }, 'Overview'), h('div', { class: 'overview' }, Object.values(parts).flatMap((part) => part.els)));
      load();
    }
    function clear(instead) {
      for (const part of Object.values(parts ?? {})) part.destroy();
      parts = null;
      replace(root, instead);
    }
    function load() {
      return Promise.all(Object.values(parts ?? {}).map((part) => part.load()));
    }

    const off = facts.subscribe((status) => {
      if (status.records > 0 && !parts) build();
      else if (status.records === 0 && !root.querySelector('.start')) clear(startPage(status));
    });
    // Do not wait for the status: nearly always there is something to show.
    if (facts.status?.records !== 0 && !parts) build();

    return {
      update(reason, changed) {
        if (!parts) return undefined;
        // A past range does not change by itself.
        if (reason === 'refresh') return ctx.state.live ? load() : undefined;
        if (reason !== 'state' || changed.has('from') || changed.has('to')) return load();
        const work = [];
        if (changed.has('level') || changed.has('detector') || changed.has('service')) work.push(parts.scores.load());
        else if (changed.has('threshold') || changed.has('series')) work.push(parts.scores.redraw());
        if (changed.has('level') || changed.has('found')) work.push(parts.anomalies.load());
        else if (changed.has('threshold')) parts.anomalies.soon();
        return Promise.all(work);
      },
      key: (event) => parts?.anomalies.key(event),
      unmount() {
        off();
        clear();
      },
    };
  },
};
