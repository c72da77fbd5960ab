// What stands below the last row: that more is on its way, that this was all, that a search was stopped or failed.
import { h, replace } from '../dom.js';
import { number } from '../format.js';
import { skeleton } from '../ui.js';

export function footer({ onRetry, onGoOn }) {
  const element = h('div', { class: 'rows-footer', 'data-test': 'rows-footer' });
  const button = (label, onclick) => h('button', { type: 'button', class: 'btn', onclick }, label);
  let shown = '';
  const put = (what, ...content) => {
    if (shown === what) return;
    shown = what;
    replace(element, content);
  };
  return {
    element,
    wait() { put('wait', skeleton({ lines: 12 })); },
    show(pages) {
      if (pages.error?.status === 400) put('bad', h('p', { class: 'dim' }, 'The search above cannot be read.'));
      else if (pages.error) put(`error ${pages.error.message}`, h('p', { role: 'alert' }, `${pages.error.message} ${pages.error.hint ?? ''}`), button('Try again', onRetry));
      else if (pages.stopped) put('stopped', h('p', null, 'The search was stopped here. There may be more.'), button('Go on', onGoOn));
      else if (pages.ended && pages.length) put(`end ${pages.length}`, h('p', { class: 'dim' }, pages.length === 1 ? 'That is the only record.' : `That is all: ${number(pages.length)} records.`));
      else if (pages.ended) put('none');
      else put('more', h('p', { class: 'dim' }, 'Reading more…'));
    },
  };
}
