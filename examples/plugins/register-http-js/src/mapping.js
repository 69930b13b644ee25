// From the config table and a record to claims: plain functions without the host, so that Node runs them as they are.

/** JSON Schema of the config table. */
export const SCHEMA = {
  type: 'object',
  required: ['url', 'claims'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', pattern: '^https?://' },
    claims: { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
    cache_seconds: { type: 'integer', minimum: 0, maximum: 86400 },
    secret: { type: 'string' },
    secret_header: { type: 'string' },
    secret_prefix: { type: 'string' },
    record_ref: { type: 'string' },
  },
};

const DEFAULTS = { cache_seconds: 0, secret_header: 'authorization', secret_prefix: 'Bearer ' };

/** The config table, with what the schema cannot say checked. */
export function settings(text) {
  const value = { ...DEFAULTS, ...JSON.parse(text) };
  const problems = [];
  if (typeof value.url !== 'string') problems.push('url is missing');
  else if (/^https?:\/\/[^/]*\{/.test(value.url)) problems.push('url: the host must be fixed, a place like {name} belongs into the path');
  if (value.claims === null || typeof value.claims !== 'object') problems.push('claims is missing');
  return { value, problems };
}

/** The address of the record; `undefined` when the holder has no value for one of its places. */
export function address(template, context) {
  const known = JSON.parse(context.claims);
  let complete = true;
  const url = template.replace(/\{([^{}]+)\}/g, (_, name) => {
    const value = at(known, name) ?? named(name, context);
    if (!['string', 'number', 'boolean'].includes(typeof value) || value === '' || value === '.' || value === '..') {
      complete = false;
      return '';
    }
    return encodeURIComponent(String(value));
  });
  return complete ? url : undefined;
}

function named(name, context) {
  if (name === 'user_id') return context.offer?.userId;
  if (name === 'subject') return context.identity?.subject;
  return undefined;
}

/** Claims and the register's own key, as the config table maps them. */
export function mapped(value, record) {
  const claims = {};
  for (const [claim, path] of Object.entries(value.claims)) {
    const found = at(record, path);
    if (found !== undefined && found !== null) claims[claim] = found;
  }
  const key = value.record_ref === undefined ? undefined : at(record, value.record_ref);
  return { claims, recordRef: key === undefined || key === null ? undefined : String(key) };
}

/** The value at a path of names and indexes with dots: `address.lines.0`. */
function at(value, path) {
  let found = value;
  for (const step of path.split('.')) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, step)) return undefined;
    found = found[step];
  }
  return found;
}
