// Records that arrived after the list was made: by the live tail (a server-sent event stream) or by asking at every
// refresh. They wait here until the view shows them, so that nothing moves under
// the eyes of who reads.

const HOLD = 5000;      // records that wait; beyond that the list is made anew instead
const POLL = 500;
const SILENT = 4000;    // milliseconds without a word from the stream after which it is better to ask
const AGAIN = 2000;     // milliseconds until a stream that was refused (no token yet, server restarting) is asked for again

export class Arrivals {
  /** onWaiting(): more wait; onState({on, connected, dropped}) of the live tail. */
  constructor({ onWaiting, onState }) {
    Object.assign(this, { onWaiting, onState });
    this.stream = null;
    this.dropped = 0;
    this.connected = false;
    this.heard = 0;             // when the stream last said something
    this.again = 0;
    this.reset(null);
  }

  /** After a new search: newest is its cursor, records its first ones. */
  reset(newest, records = []) {
    this.newest = newest;
    this.seen = new Set(records.map((record) => record.id));
    this.waiting = [];          // newest first
    this.count = 0;
    this.overflow = false;      // more than HOLD, or more than one answer holds: not all are in `waiting`
  }

  /** records: newest first */
  take(records) {
    const fresh = records.filter((record) => !this.seen.has(record.id));
    if (!fresh.length) return;
    for (const record of fresh) this.seen.add(record.id);
    this.waiting = fresh.concat(this.waiting);
    this.count += fresh.length;
    if (this.waiting.length > HOLD) {
      this.waiting.length = HOLD;
      this.overflow = true;
    }
    // Ids are only needed where stream and answers overlap.
    if (this.seen.size > 4 * HOLD) this.seen = new Set([...this.seen].slice(-2 * HOLD));
    this.onWaiting();
  }

  /** Whether records may have arrived that nobody told of. */
  get shouldAsk() {
    return !this.stream || Date.now() - this.heard > SILENT;
  }

  /** Everything that waits, newest first; the caller shows it. */
  flush() {
    const records = this.waiting;
    this.waiting = [];
    this.count = 0;
    return records;
  }

  /** Asks for what is newer than what is known. fetchAfter(cursor, limit) gives the answer of /api/logs. */
  async poll(fetchAfter) {
    const cursor = this.newest;
    if (!cursor || this.overflow) return;
    const answer = await fetchAfter(cursor, POLL);
    if (cursor !== this.newest) return;
    this.newest = answer.newest ?? cursor;
    if (answer.records.length >= POLL) this.overflow = true;
    this.take(answer.records);
  }

  /** open(): the EventSource. */
  startTail(open) {
    clearTimeout(this.again);
    this.stream?.close();
    this.dropped = 0;
    const stream = open();
    this.stream = stream;
    const tell = (connected) => {
      if (this.stream !== stream) return;
      this.connected = connected;
      this.onState({ on: true, connected, dropped: this.dropped });
    };
    stream.addEventListener('open', () => tell(true));
    stream.addEventListener('error', () => {
      tell(false);
      // A stream that breaks off is opened again by the browser; one that is refused is not.
      if (stream.readyState === EventSource.CLOSED && this.stream === stream) this.again = setTimeout(() => this.startTail(open), AGAIN);
    });
    stream.addEventListener('records', (event) => {
      this.heard = Date.now();
      this.take(JSON.parse(event.data).reverse());
    });
    stream.addEventListener('dropped', (event) => {
      this.heard = Date.now();
      this.dropped += JSON.parse(event.data).count;
      tell(true);
    });
    tell(false);
  }

  stopTail() {
    clearTimeout(this.again);
    if (!this.stream) return;
    this.stream.close();
    this.stream = null;
    this.connected = false;
    this.onState({ on: false, connected: false, dropped: this.dropped });
  }
}
