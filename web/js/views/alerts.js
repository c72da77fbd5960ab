// Alerts: what the monitor found and told, the detectors it finds it by, and what people said of it.

import { alertPanel } from '../alerts/list.js';
import { detectorPanel } from '../alerts/detectors.js';
import { marksPanel } from '../alerts/marks.js';

export default {
  id: 'alerts',
  title: 'Alerts',
  keys: 'a',
  help: [['j k', 'next and previous alert'], ['Enter', 'open its records']],

  mount(root, ctx) {
    const marked = () => Promise.all([alerts.load(), marks.load()]);
    const alerts = alertPanel(ctx, { onMark: marked });
    const detectors = detectorPanel(ctx);
    const marks = marksPanel(ctx, { onMark: marked });
    const parts = [alerts, detectors, marks];
    root.append(...parts.map((part) => part.el));
    async function load() {
      await Promise.all(parts.map((part) => part.load()));
      alerts.titles();
    }
    load().then(() => detectors.tryAgain());
    return {
      update(reason, changed) {
        if (reason !== 'state') return load();
        return ['try', 'from', 'to'].some((name) => changed.has(name)) ? detectors.tryAgain({ seen: changed.has('try') }) : undefined;
      },
      key: (event) => alerts.key(event),
      unmount() { for (const part of parts) part.destroy(); },
    };
  },
};
