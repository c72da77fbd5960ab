// How to send logs here: a line to copy for each protocol, with the address at which this page is open.

import { h, replace } from '../dom.js';
import { button, copyText } from '../ui.js';

/** What a source's format is called that clients push in. */
export const PROTOCOLS = { jsonline: 'JSON lines', lines: 'text lines', loki: 'Loki', otlp: 'OTLP', elasticsearch: 'Elasticsearch', splunk: 'Splunk' };

/** Name, what it is for, and the line. */
function ways(origin) {
  const host = new URL(origin).hostname.replace(/^\[|\]$/g, '');
  return [
    ['JSON lines', 'a JSON object a line, from anything that speaks HTTP', `curl --data-binary @app.jsonl ${origin}/insert/jsonline`],
    ['Text lines', 'any log file; its format is recognised', `curl --data-binary @app.log ${origin}/insert/lines`],
    ['Loki', 'Promtail, Alloy, Vector, Fluent Bit, Docker’s driver: this is the address to push to', `${origin}/loki/api/v1/push`],
    ['OTLP', 'OpenTelemetry over HTTP, protobuf or JSON', `export OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=${origin}/v1/logs`],
    ['Elasticsearch', 'Filebeat, Logstash, Vector, Fluent Bit: the host to write to', `${origin}/elasticsearch`],
    ['Splunk', 'HTTP event collector; the token is Pintail’s', `${origin}/services/collector/event`],
    ['Syslog', 'TCP and UDP on one port, opened by pintail serve --syslog ADDRESS:5514', `logger --server ${host} --port 5514 --tcp hello`],
  ];
}

const way = ([name, note, line]) => [
  h('dt', null, name),
  h('dd', null, h('p', { class: 'small dim' }, note),
    h('div', { class: 'command' }, h('code', { tabindex: '0', 'data-test': 'push-line' }, line), button({ iconName: 'copy', title: `Copy for ${name}`, quiet: true, test: 'push-copy', onclick: () => copyText(line, 'Copied') }))),
];

/** `el` is a place above the list, opened by `button`; `first(list)` shows it open below an empty one. */
export function pushHelp() {
  const el = h('div', { id: 'push-help', hidden: true });
  const box = h('section', { class: 'push', 'data-test': 'push', 'aria-label': 'Send logs here' },
    h('p', null, 'Send logs here from what you run already. Over HTTP, an answer of success means that they are stored.'),
    h('dl', { class: 'push-list' }, ways(location.origin).map(way)),
    h('p', { class: 'small dim' }, 'If this server asks for a token, send it as ', h('code', null, 'Authorization: Bearer …'), ', or as the password of basic authentication.'));
  replace(el, box);
  const toggle = button({ label: 'Send logs here', test: 'push-toggle', 'aria-expanded': 'false', 'aria-controls': 'push-help', onclick: () => {
    el.hidden = !el.hidden;
    toggle.setAttribute('aria-expanded', String(!el.hidden));
  } });
  return {
    el,
    button: toggle,
    first(list) {
      el.hidden = true;
      list.append(box);
    },
    beside() {
      if (box.parentElement === el) return;
      toggle.setAttribute('aria-expanded', 'false');
      replace(el, box);
    },
  };
}
