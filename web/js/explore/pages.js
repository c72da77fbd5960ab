// The records of one search, a page at a time. Only the pages around what is on screen keep their records; of the
// others only the cursor and the number of rows stay, and they are fetched again when one scrolls back to them.
// So a list of millions of rows needs a bounded amount of memory, and its rows never change their places.

const FIRST = 100;      // rows of the first page: it should be there at once
const SIZE = 500;       // rows of a page
const KEEP = 40;        // pages that keep their records: 20,000 records

export class Pages {
  /**
   * fetchPage(cursor, limit, signal) gives the answer of /api/logs. onChange() after every answer,
   * onState({loading, scannedTo, found, error}) whenever one of these changes.
   */
  constructor({ fetchPage, onChange, onState }) {
    Object.assign(this, { fetchPage, onChange, onState });
    this.pages = [];        // {cursor, count, records|null, loading}
    this.starts = [];       // index of each page's first row, after the head
    this.head = [];         // records that arrived since, newest first
    this.next = null;       // cursor of the page after the last; null before the first and after the end
    this.newest = null;     // cursor to ask for newer ones
    this.started = false;
    this.ended = false;
    this.error = null;
    this.loading = null;    // AbortController of the page being fetched
    this.stopped = false;   // the user cancelled a slow search
    this.elapsed = null;    // milliseconds the last page took the server
  }

  get length() {
    return this.head.length + this.paged;
  }

  get paged() {
    const last = this.pages.length - 1;
    return last < 0 ? 0 : this.starts[last] + this.pages[last].count;
  }

  /** The record of a row, or null while its page is being fetched again. */
  at(index) {
    if (index < this.head.length) return this.head[index];
    const row = index - this.head.length;
    const number = this.pageOf(row);
    const page = this.pages[number];
    if (!page) return null;
    if (!page.records) {
      this.reload(page);
      return null;
    }
    return page.records[row - this.starts[number]] ?? null;
  }

  pageOf(row) {
    let low = 0;
    let high = this.pages.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Fetches the next page. A search through much that does not match answers before the page is full and says how
   * far it looked; then it goes on by itself until there is a page's worth of rows, the end, or cancel().
   */
  async more() {
    if (this.loading || this.ended || this.error) return;
    const abort = new AbortController();
    this.loading = abort;
    this.stopped = false;
    this.elapsed = null;
    const wanted = this.started ? SIZE : FIRST;
    let found = 0;
    this.onState({ loading: true, scannedTo: null, found });
    try {
      while (found < wanted) {
        const cursor = this.next;
        const limit = wanted - found;
        const answer = await this.fetchPage(cursor, limit, abort.signal);
        if (abort.signal.aborted) return;
        if (!this.started) this.newest = answer.newest;
        this.started = true;
        if (answer.records.length) this.add(cursor, answer.records);
        found += answer.records.length;
        this.next = answer.next;
        this.elapsed = (this.elapsed ?? 0) + (answer.elapsed_ms ?? 0);
        this.ended = answer.next === null || answer.next === cursor;
        this.onState({ loading: true, scannedTo: answer.scanned_to, found });
        this.onChange();
        if (this.ended || answer.scanned_to === null || answer.scanned_to === undefined) break;
      }
    } catch (error) {
      if (!abort.signal.aborted) this.error = error;
    } finally {
      if (this.loading === abort) {
        this.loading = null;
        this.onState({ loading: false, error: this.error });
        this.onChange();
      }
    }
  }

  add(cursor, records) {
    this.starts.push(this.paged);
    this.pages.push({ cursor, count: records.length, records, loading: false });
  }

  /** Stops a slow search; more() goes on where it stopped. */
  cancel() {
    if (!this.loading) return;
    this.stopped = true;
    this.loading.abort();
    this.loading = null;
    this.onState({ loading: false, stopped: true });
    this.onChange();
  }

  retry() {
    this.error = null;
    return this.more();
  }

  async reload(page) {
    if (page.loading) return;
    page.loading = true;
    try {
      // The same place and number give the same rows: what arrived since is newer than the cursor. It may take
      // several answers, where one was enough before.
      const records = [];
      for (let cursor = page.cursor; cursor && records.length < page.count;) {
        const answer = await this.fetchPage(cursor, page.count - records.length);
        records.push(...answer.records);
        cursor = answer.next === cursor ? null : answer.next;
      }
      page.records = records;
    } catch {
      // Stays a row of dashes; asked for again when it is drawn next, but not at once and for ever.
      await new Promise((done) => setTimeout(done, 2000));
    }
    page.loading = false;
    this.onChange();
  }

  /** Lets go of the records of pages far from the rows on screen. */
  trim(firstRow, lastRow) {
    if (this.pages.length <= KEEP) return;
    const middle = this.pageOf(Math.max(0, ((firstRow + lastRow) >> 1) - this.head.length));
    for (let i = 0; i < this.pages.length; i++) {
      // The first page was asked for without a cursor: asking again would give newer rows.
      if (Math.abs(i - middle) > KEEP / 2 && this.pages[i].cursor !== null) this.pages[i].records = null;
    }
  }

  /** Puts newer records (newest first) on top. */
  prepend(records) {
    this.head = records.concat(this.head);
  }

  close() {
    this.loading?.abort();
    this.loading = null;
    this.ended = true;
    this.onChange = () => {};
    this.onState = () => {};
  }
}
