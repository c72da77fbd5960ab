// Table or chart: the two ways to look at a result, as tabs.
import { h } from '../dom.js';

/** onChoose('table' | 'chart'); panel: the element both fill. Gives {element, show(which)}. */
export function createTabs(panel, onChoose) {
  const tab = (which, label) => h('button', {
    type: 'button', class: 'sql-tab', role: 'tab', id: `sql-tab-${which}`, 'aria-controls': panel.id, 'data-test': `sql-tab-${which}`, onclick: () => onChoose(which),
  }, label);
  const tabs = [tab('table', 'Table'), tab('chart', 'Chart')];
  const element = h('div', { class: 'sql-tabs', role: 'tablist', 'aria-label': 'Result as' }, tabs);
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = tabs.find((each) => each.getAttribute('aria-selected') !== 'true');
    other.click();
    other.focus();
  });
  return {
    element,
    show(which) {
      for (const each of tabs) {
        const on = each.id === `sql-tab-${which}`;
        each.setAttribute('aria-selected', String(on));
        each.tabIndex = on ? 0 : -1;
      }
      panel.setAttribute('aria-labelledby', `sql-tab-${which}`);
    },
  };
}
