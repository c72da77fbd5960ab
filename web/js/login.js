// Asks for the token when the server wants one. Many requests may fail at once; they all wait for one dialog.

import { h } from './dom.js';
import { dialog } from './ui.js';

let asking = null;

/** login(token) tries it. Resolves when the server has accepted a token. */
export function askForToken(login) {
  asking ??= show(login).finally(() => { asking = null; });
  return asking;
}

function show(login) {
  return new Promise((resolve) => {
    const input = h('input', { class: 'input', id: 'token', type: 'password', name: 'token', autocomplete: 'current-password',
      required: true, autofocus: true, 'aria-describedby': 'token-note', 'data-test': 'login-token' });
    const problem = h('p', { class: 'problem', role: 'alert', 'data-test': 'login-error' });
    const button = h('button', { class: 'btn btn-main', type: 'submit', 'data-test': 'login-submit' }, 'Open');
    const form = h('form', { class: 'stack' },
      h('p', { id: 'token-note', class: 'dim' }, 'This server asks for a token: the one it was started with (PINTAIL_TOKEN or its token file). It is kept for this session only.'),
      h('label', { class: 'field', for: 'token' }, 'Token'), input, problem,
      h('div', { class: 'row-end' }, button));
    const box = dialog({ title: 'Pintail', body: form, closable: false, test: 'login' });
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      button.disabled = true;
      problem.textContent = '';
      try {
        await login(input.value.trim());
        box.close();
        resolve();
      } catch (error) {
        problem.textContent = error.status === 401 ? 'That is not the token.' : error.message;
        input.select();
      } finally {
        button.disabled = false;
      }
    });
  });
}
