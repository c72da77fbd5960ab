// An empty database: commands that get logs in, as they work beside this server, and the demo. Empty charts would say
// nothing.

import { h } from '../dom.js';
import { button, copyText } from '../ui.js';
import { href } from '../state.js';

/** An argument as a shell takes it. */
const shell = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The database of this server has to be named: another directory has another one. */
const commands = (database) => [
  ['Load files and directories, packed ones too', `pintail ingest --db ${shell(database)} /var/log/`],
  ['Load what a command prints', `journalctl -o json --since today | pintail ingest --db ${shell(database)} -`],
  ['Send lines from any machine that reaches this one', `echo "$(date -u +%FT%TZ) INFO hello from $(hostname)" | curl --data-binary @- ${window.location.origin}/insert/lines`],
];

/** This server keeps its port. */
const DEMO = 'pintail demo --listen 127.0.0.1:0';

const command = (text) => h('div', { class: 'command' }, h('code', { 'data-test': 'start-command' }, text), button({ iconName: 'copy', title: `Copy: ${text}`, quiet: true, onclick: () => copyText(text, 'Command copied') }));

/** database: its path on the server's machine */
export function startPage({ database }) {
  return h('section', { class: 'start', 'data-test': 'start' },
    h('h1', null, 'No logs yet'),
    h('p', { class: 'dim' }, 'Each of these gets logs in while this server runs; the first two on its machine. Formats are recognised by themselves. This page fills as soon as the first record arrives.'),
    h('ol', { class: 'start-list' }, commands(database).map(([text, line]) => h('li', null, h('p', null, text), command(line)))),
    h('p', null, 'Or ', h('a', { href: href({ view: 'sources' }), 'data-test': 'start-push' }, 'send them here'), ' with the shipper you already run. To follow files as they grow, stop this server and start it with them: ', h('code', null, `pintail serve --db ${shell(database)} /var/log/`), '.'),
    h('p', { class: 'start-demo' }, 'Only looking? This shows live invented logs, with incidents to find, on a page of its own:'), command(DEMO));
}
