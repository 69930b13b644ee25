// Claims of the holder from a register: asks `<register>/<user id>` and gives what it finds.

import * as config from 'issuer:plugin/config@1.0.0';
import * as http from 'issuer:plugin/http@1.0.0';

import { problem, typed } from './errors.js';

const SCHEMA = {
  type: 'object',
  required: ['register'],
  additionalProperties: false,
  properties: { register: { type: 'string', pattern: '^https?://' } },
};

export const lifecycle = {
  describe() {
    return {
      name: '{{name}}',
      version: '0.1.0',
      description: 'Claims of the holder from a register',
      configSchema: JSON.stringify(SCHEMA),
      needs: [{ kind: 'origin', name: 'config:register', why: 'the register is asked there', required: true }],
    };
  },

  check() {
    if (!config.get('register')) throw ['register is missing'];
  },
};

export const claims = {
  fetch: typed((context) => {
    if (context.offer === undefined) throw problem('not-found', 'the flow began without an offer');
    const person = ask(`${config.get('register')}/${encodeURIComponent(context.offer.userId)}`);
    const found = { family_name: person.last, given_name: person.first };
    return { tag: 'ready', val: { claims: JSON.stringify(found), recordRef: String(person.id) } };
  }),

  resume: typed(() => {
    throw problem('internal', 'this claim source never answers later');
  }),
};

function ask(url) {
  let answer;
  try {
    answer = http.send({ method: 'GET', url, headers: [], body: undefined, timeoutMs: undefined });
  } catch (error) {
    throw refused(error.payload ?? error);
  }
  if (answer.status === 404) throw problem('not-found', 'the register has no such person');
  if (answer.status !== 200) throw down(`the register answered ${answer.status}`);
  return JSON.parse(new TextDecoder().decode(answer.body));
}

function refused(error) {
  return error.tag === 'denied' ? problem('misconfigured', error.val) : down(`the request failed: ${error.tag}`);
}

function down(message) {
  return problem('unavailable', { message, retryAfterSeconds: undefined });
}
