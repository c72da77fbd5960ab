// Asks the server: a statement as rows for the page, and the links and requests for files.
import { api, ApiError } from '../api.js';
import { saveFile } from '../ui.js';

export const LIMIT = 10_000;
const LONGEST_LINK = 4000;      // characters of an address that every server and proxy takes

/** {columns, rows, row_count, truncated, elapsed_ms, error} */
export const ask = (sql, signal) => api.post('sql', { sql, format: 'json', limit: LIMIT }, { signal });

export const FORMATS = { csv: 'CSV', parquet: 'Parquet', jsonl: 'JSON lines' };

/** The address of a download, or null when the statement is too long for one. */
export function link(sql, format) {
  const address = api.url('sql', { sql, format, download: true });
  return address.length <= LONGEST_LINK ? address : null;
}

/** For statements too long for a link: the file goes through the page's memory. */
export async function fetchFile(sql, format) {
  const response = await fetch(api.url('sql'), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ sql, format, limit: 0 }),
  });
  if (!response.ok) {
    const told = (await response.json().catch(() => null))?.error;
    throw new ApiError({ code: told?.code ?? 'broken', status: response.status, message: told?.message ?? `The server answered ${response.status}.` });
  }
  saveFile(`pintail.${format}`, await response.blob(), response.headers.get('Content-Type') ?? 'application/octet-stream');
}

/** DuckDB counts characters, JavaScript UTF-16 units. */
export const unitOffset = (text, characters) => Array.from(text).slice(0, characters).join('').length;
