// The threshold as a line over the score chart that can be dragged, or moved with the arrow keys. It lies over the plot as
// an element of its own: a shape of Plotly's could not be reached by keyboard.

import { h, setText } from '../dom.js';
import { fixed } from '../format.js';

/** get() -> value; shown() -> whether there is one; onInput(value) while it moves; onChange(value) when it is left. -> { place(), dragging } */
export function thresholdLine(chart, { min, max, get, shown = () => true, onInput, onChange }) {
  const label = h('span', { class: 'threshold-label' });
  const line = h('div', { class: 'threshold', role: 'slider', tabindex: '0', 'aria-label': 'Threshold', 'aria-orientation': 'vertical', 'aria-valuemin': min, 'aria-valuemax': max, 'data-test': 'threshold-line', title: 'Drag to change the threshold' }, label);
  chart.el.append(line);
  let dragging = false;

  function place() {
    const value = get();
    const y = chart.toY(value);
    const area = chart.area();
    line.hidden = y === null || !area || !shown();
    if (line.hidden) return;
    line.style.top = `${y}px`;
    line.style.left = `${area.l}px`;
    line.style.width = `${area.w}px`;
    setText(label, fixed(value, 1));
    line.setAttribute('aria-valuenow', value);
    line.setAttribute('aria-valuetext', `${fixed(value, 1)} standard deviations`);
  }
  const clamp = (value) => Math.min(max, Math.max(min, Math.round(value * 10) / 10));

  line.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    line.focus({ focusVisible: false });
    line.setPointerCapture(event.pointerId);
    dragging = true;
    line.classList.add('dragging');
  });
  line.addEventListener('pointermove', (event) => {
    if (!dragging) return;
    const value = clamp(chart.fromY(event.clientY - chart.plot.getBoundingClientRect().top));
    if (value !== get()) {
      onInput(value);
      place();
    }
  });
  const end = () => {
    if (!dragging) return;
    dragging = false;
    line.classList.remove('dragging');
    onChange(get());
  };
  line.addEventListener('pointerup', end);
  line.addEventListener('pointercancel', end);
  line.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    const value = event.key === 'Home' ? min : event.key === 'End' ? max : step ? clamp(get() + step) : null;
    if (value === null) return;
    event.preventDefault();
    onInput(value);
    place();
    onChange(value);
  });
  chart.onDraw(place);
  return { place, get dragging() { return dragging; } };
}
