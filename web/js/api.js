// Talks to the server. Answers are JSON; every failure is an ApiError that says what happened and what to do. A 401
// asks for the token and tries again; when the server is not reachable, a bar says so and the page waits for it.

import { h, replace } from './dom.js';
import { askForToken } from './login.js';

export class ApiError extends Error {
  constructor({ code, message, hint = null, position = null, status = 0 }) {
    super(message);
    Object.assign(this, { name: 'ApiError', code, hint, position, status });
  }
  get offline() { return this.code === 'offline'; }
}

/** True for the error of a request that was given up on purpose. */
export const aborted = (error) => error?.name === 'AbortError';

/** The value of a parameter that is there and empty, e.g. the service of records without one. */
export const EMPTY = Symbol('empty');

function query(params) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== null && value !== undefined && value !== '') search.append(name, value === EMPTY ? '' : String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}

/** The address of an endpoint, for links, downloads and EventSource: api.url('download', { q, format: 'csv' }) */
const url = (path, params) => `/api/${path}${query(params)}`;

async function request(method, path, { params, body, signal } = {}) {
  let response;
  try {
    response = await fetch(url(path, params), {
      method,
      signal,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (aborted(error)) throw error;
    connection.lost();
    throw new ApiError({ code: 'offline', message: 'Pintail does not answer.', hint: 'This page goes on by itself as soon as it does.' });
  }
  connection.works();
  if (response.status === 401 && path !== 'login') {
    await askForToken((token) => request('POST', 'login', { body: { token } }));
    return request(method, path, { params, body, signal });
  }
  let answer = null;
  try {
    answer = await response.json();
  } catch (error) {
    if (aborted(error)) throw error;
    if (response.ok) throw new ApiError({ code: 'broken', status: response.status, message: 'The answer broke off.', hint: 'Try it again.' });
  }
  if (response.ok) return answer;
  const told = answer?.error ?? {};
  throw new ApiError({
    code: told.code ?? `http_${response.status}`,
    message: told.message ?? `The server answered ${response.status} ${response.statusText}.`,
    hint: told.hint ?? null,
    position: told.position ?? null,
    status: response.status,
  });
}

// The bar below the header. It asks /health until it is answered, then everyone who subscribed loads anew.
const listeners = new Set();
export const connection = {
  down: false,
  since: 0,
  wait: 1000,
  timer: null,
  lost() {
    if (!this.down) {
      this.down = true;
      this.since = Date.now();
      this.wait = 1000;
      this.show();
    }
    this.timer ??= setTimeout(() => this.probe(), this.wait);
  },
  async probe() {
    clearTimeout(this.timer);
    this.timer = null;
    try {
      const response = await fetch('/health', { cache: 'no-store' });
      if (response.ok) return this.works();
    } catch {
      // Still away.
    }
    this.wait = Math.min(this.wait * 1.6, 10000);
    this.timer = setTimeout(() => this.probe(), this.wait);
    return undefined;
  },
  works() {
    if (!this.down) return;
    this.down = false;
    clearTimeout(this.timer);
    this.timer = null;
    document.getElementById('connection').hidden = true;
    for (const fn of listeners) fn();
  },
  show() {
    const bar = document.getElementById('connection');
    replace(bar, h('span', null, 'Connection to Pintail lost. What you see is from before; trying again by itself.'),
      h('button', { class: 'btn btn-quiet', onclick: () => this.probe() }, 'Try now'));
    bar.hidden = false;
  },
  /** fn() when the server is back; answers with a function that ends it. */
  onReturn(fn) {
    listeners.add(fn);
    return () => listeners.delete(fn);
  },
};

export const api = {
  get: (path, params, { signal } = {}) => request('GET', path, { params, signal }),
  post: (path, body, { signal } = {}) => request('POST', path, { body, signal }),
  delete: (path, { signal } = {}) => request('DELETE', path, { signal }),
  url,
};

/**
 * Only the newest request of a kind counts: const latest = newest(); await latest((signal) => api.get(…, { signal }))
 * gives up the one before, whose promise then fails with an AbortError (see aborted()).
 */
export function newest() {
  let controller = null;
  const run = (fn) => {
    controller?.abort();
    controller = new AbortController();
    return fn(controller.signal);
  };
  run.cancel = () => controller?.abort();
  return run;
}
