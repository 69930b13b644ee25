// Claims of the holder from a REST API. The same claim source as plugins/register-http, which is written in Rust; it reads the same
// config table and passes the same cases.

import * as cache from 'issuer:plugin/cache@1.0.0';
import * as config from 'issuer:plugin/config@1.0.0';
import * as http from 'issuer:plugin/http@1.0.0';
import * as log from 'issuer:plugin/log@1.0.0';

import { address, at, mapped, settings, SCHEMA } from './mapping.js';
import { invalidConfig, problem, typed } from './errors.js';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export const lifecycle = {
  describe() {
    return {
      name: 'register-http-js',
      version: '1.0.0',
      description: 'Claims of the holder from a REST API',
      configSchema: JSON.stringify(SCHEMA),
      needs: [
        { kind: 'origin', name: 'config:url', why: 'the register is asked there', required: true },
        { kind: 'cache', name: 'answers', why: 'keeps records for cache_seconds', required: false },
      ],
    };
  },

  check() {
    const problems = settings(config.all()).problems;
    if (problems.length > 0) throw problems;
  },
};

export const claims = {
  fetch: typed((context) => ({ tag: 'ready', val: claimSet(context) })),

  resume: typed(() => {
    throw problem('internal', 'this claim source never answers later');
  }),
};

function claimSet(context) {
  const { value, problems } = settings(config.all());
  if (problems.length > 0) throw invalidConfig(problems);
  const url = address(value.url, context);
  if (url === undefined) throw problem('not-found', 'the holder has no value for a place in the url');
  const record = cached(value, url) ?? asked(value, url);
  const found = mapped(value, record);
  if (found.missing !== undefined) throw problem('not-found', `the record has no \`${found.missing}\``);
  return { claims: JSON.stringify(found.claims), recordRef: found.recordRef };
}

function cached(value, url) {
  if (!(value.cache_seconds > 0)) return undefined;
  const bytes = cache.get(url);
  return bytes === undefined ? undefined : JSON.parse(decoder.decode(bytes));
}

function asked(value, url) {
  const answer = send(value, url);
  if ([404, 410].includes(answer.status)) throw problem('not-found', 'the register has no such record');
  if ([408, 429].includes(answer.status) || answer.status >= 500) throw unavailable(answer);
  if (answer.status < 200 || answer.status > 299) throw problem('misconfigured', `the register answered ${answer.status}`);
  const record = at(parsed(answer.body), value.record);
  if (record === undefined || record === null) throw problem('not-found', 'the answer has no record');
  keep(value, url, encoder.encode(JSON.stringify(record)));
  return record;
}

function parsed(body) {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    // The parser's own message would quote the record.
    throw problem('unavailable', { message: 'the register answered no JSON', retryAfterSeconds: undefined });
  }
}

function send(value, url) {
  const headers = [['accept', { tag: 'text', val: 'application/json' }]];
  for (const [name, val] of Object.entries(value.headers)) headers.push([name, { tag: 'text', val }]);
  if (value.secret !== undefined) {
    const secret = { name: value.secret, prefix: value.secret_prefix };
    headers.push([value.secret_header, { tag: 'secret', val: secret }]);
  }
  try {
    return http.send({ method: 'GET', url, headers, body: undefined, timeoutMs: value.timeout_ms });
  } catch (error) {
    throw transport(error.payload ?? error);
  }
}

function transport(error) {
  if (error.tag === 'denied' || error.tag === 'invalid-request') return problem('misconfigured', `${error.tag}: ${error.val}`);
  if (error.tag === 'too-large') return problem('misconfigured', 'the answer of the register is larger than granted');
  if (error.tag === 'quota') return problem('misconfigured', 'the call made more requests than it may');
  return unavailable({ status: error.tag ?? error, headers: [] });
}

function unavailable({ status, headers }) {
  const after = headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  const retryAfterSeconds = /^\d{1,6}$/.test(after ?? '') ? Number(after) : undefined;
  return problem('unavailable', { message: `the register answered ${status}`, retryAfterSeconds });
}

function keep(value, url, body) {
  if (!(value.cache_seconds > 0)) return;
  try {
    cache.set(url, body, value.cache_seconds);
  } catch (error) {
    log.write('warn', 'the record was not kept', [['reason', String(error.payload ?? error)]]);
  }
}
