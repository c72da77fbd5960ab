// An empty database: three commands that get logs in, and the demo. Empty charts would say nothing.

import { h } from '../dom.js';
import { button, copyText } from '../ui.js';
import { href } from '../state.js';

const COMMANDS = [
  ['Follow log files while this page is open', 'pintail serve /var/log/app/*.log'],
  ['Load files and directories, packed ones too', 'pintail ingest /var/log/app/ access.log.1.gz'],
  ['Load what a command prints', 'journalctl -o json --since today | pintail ingest -'],
];

const command = (text) => h('div', { class: 'command' }, h('code', null, text), button({ iconName: 'copy', title: `Copy: ${text}`, quiet: true, onclick: () => copyText(text, 'Command copied') }));

export function startPage() {
  return h('section', { class: 'start', 'data-test': 'start' },
    h('h1', null, 'No logs yet'),
    h('p', { class: 'dim' }, 'Any of these gets logs in. Formats are recognised by themselves, and every line is in exactly once. This page fills as soon as the first record arrives.'),
    h('ol', { class: 'start-list' }, COMMANDS.map(([text, line]) => h('li', null, h('p', null, text), command(line)))),
    h('p', null, 'Or ', h('a', { href: href({ view: 'sources' }), 'data-test': 'start-push' }, 'send them here'), ' over HTTP or syslog, with the shipper you already run.'),
    h('p', { class: 'start-demo' }, 'Only looking? This shows live invented logs, with incidents to find:'), command('pintail demo'));
}
