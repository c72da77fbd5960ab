// A record's fields as a flat list with the names the search language uses: {"user": {"id": 1}} is user.id.

/** [[name, value]] of everything in `fields`; values are scalars, or arrays as they are. */
export function flatten(fields, prefix = '', out = []) {
  for (const [key, value] of Object.entries(fields ?? {})) {
    const name = prefix + key;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) flatten(value, `${name}.`, out);
    else out.push([name, value]);
  }
  return out;
}

/** The last part of a path; what people call a source. */
export const baseName = (path) => path?.split('/').pop() || path || '';

export const asText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** What a column shows of a record, as text or null. */
export function valueOf(record, name) {
  if (name === 'service' || name === 'host') return record[name];
  if (name === 'source') return baseName(record.source_name);
  const found = flatten(record.fields).find(([key]) => key === name);
  return found && found[1] !== null ? asText(found[1]) : null;
}

/** The record as it is copied: without what only this page needs. */
export const asJson = (record) => JSON.stringify(record, null, 2);
