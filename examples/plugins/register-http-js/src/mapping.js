// From the config table and a record to claims: plain functions without the host, so that Node runs them as they are.

/** JSON Schema of the config table. */
export const SCHEMA = {
  type: 'object',
  required: ['url', 'claims'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', pattern: '^https?://' },
    record: { type: 'string' },
    claims: { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
    required: { type: 'array', items: { type: 'string' } },
    record_ref: { type: 'string' },
    secret: { type: 'string', minLength: 1 },
    secret_header: { type: 'string', minLength: 1 },
    secret_prefix: { type: 'string' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    timeout_ms: { type: 'integer', minimum: 1, maximum: 30000 },
    cache_seconds: { type: 'integer', minimum: 0, maximum: 86400 },
  },
};

const DEFAULTS = { record: '', required: [], secret_header: 'authorization', secret_prefix: 'Bearer ', headers: {}, cache_seconds: 0 };
const PLACE = /\{([^{}]*)\}/g;

/** The config table, with what the schema cannot say checked. */
export function settings(text) {
  const value = { ...DEFAULTS, ...JSON.parse(text) };
  if (typeof value.url !== 'string' || value.claims === null || typeof value.claims !== 'object') {
    return { value, problems: ['`url` and `claims` have to be there'] };
  }
  const problems = [];
  if (!/^https?:\/\/[^/{]+(\/|$)/.test(value.url)) problems.push('`url` has to start with a fixed origin, such as https://crm.example.org');
  for (const [, name] of value.url.matchAll(PLACE)) {
    if (!/^(subject|(offer|claim)\..+)$/.test(name)) problems.push(`{${name}} is none of {offer.NAME}, {claim.NAME} and {subject}`);
  }
  const pointers = [...Object.values(value.claims), value.record, value.record_ref ?? ''];
  for (const pointer of pointers.filter((pointer) => pointer !== '' && !pointer.startsWith('/'))) {
    problems.push(`\`${pointer}\` is no JSON pointer: it starts with /`);
  }
  for (const name of value.required.filter((name) => !Object.hasOwn(value.claims, name))) {
    problems.push(`\`${name}\` is required, but not in \`claims\``);
  }
  return { value, problems };
}

/** The address of the record; `undefined` when the holder has no value for one of its places. */
export function address(template, context) {
  let complete = true;
  const url = template.replace(PLACE, (_, name) => {
    const value = known(name, context);
    if (!['string', 'number'].includes(typeof value) || ['', '.', '..'].includes(value)) {
      complete = false;
      return '';
    }
    return encodeURIComponent(String(value)).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  });
  return complete ? url : undefined;
}

function known(name, context) {
  if (name === 'subject') return context.identity?.subject ?? context.offer?.userId;
  const [of, claim] = [name.slice(0, 5), name.slice(6)];
  const claims = JSON.parse(of === 'offer' ? (context.offer?.claims ?? '{}') : context.claims);
  return Object.hasOwn(claims, claim) ? claims[claim] : undefined;
}

/** Claims and the register's own key, as the config table maps them; `missing` is a required claim that is not there. */
export function mapped(value, record) {
  const claims = {};
  for (const [claim, pointer] of Object.entries(value.claims)) {
    const found = at(record, pointer);
    if (found !== undefined && found !== null) claims[claim] = found;
  }
  const key = value.record_ref === undefined ? undefined : at(record, value.record_ref);
  const recordRef = ['string', 'number'].includes(typeof key) && encodeURIComponent(key).length <= 256 ? String(key) : undefined;
  return { claims, recordRef, missing: value.required.find((name) => !Object.hasOwn(claims, name)) };
}

/** The value at a JSON pointer (RFC 6901); the empty one is the whole. */
export function at(value, pointer) {
  let found = value;
  for (const step of pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, step)) return undefined;
    found = found[step];
  }
  return found;
}
