// A mail server for tests/alert.rs: prints its port, and writes what it gets as a line of JSON each.
// Arguments: the folder of packages, the file for mails, `take` or `refuse`, a port (0 for any).
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, file, mode, port] = process.argv.slice(2);
const { SMTPServer } = createRequire(`${modules}/`)('smtp-server');

const server = new SMTPServer({
  disabledCommands: ['STARTTLS'],
  // The client is on the same machine.
  allowInsecureAuth: true,
  onAuth: ({ username, password }, session, done) =>
    password === 's3cret' ? done(null, { user: username }) : done(new Error('wrong password')),
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      if (mode === 'refuse') return done(Object.assign(new Error('not today'), { responseCode: 451 }));
      const text = Buffer.concat(chunks).toString().replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
      const to = session.envelope.rcptTo.map(({ address }) => address);
      appendFileSync(file, `${JSON.stringify({ user: session.user, to, text })}\n`);
      done();
    });
  },
});
server.listen(Number(port), '127.0.0.1', () => console.log(server.server.address().port));
