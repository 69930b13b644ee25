// Refuses users that the operator lists, and has nothing to say of anybody else.

import * as config from 'issuer:plugin/config@1.0.0';

import { problem, typed } from './errors.js';

const SCHEMA = {
  type: 'object',
  required: ['denied_users'],
  additionalProperties: false,
  properties: { denied_users: { type: 'array', items: { type: 'string' } } },
};

export const lifecycle = {
  describe() {
    return {
      name: '{{name}}',
      version: '0.1.0',
      description: 'Refuses listed users',
      configSchema: JSON.stringify(SCHEMA),
      needs: [],
    };
  },

  check() {
    if (!config.get('denied_users')) throw ['denied_users is missing'];
  },
};

export const auth = {
  admit: typed((context, phase) => {
    if (phase !== 'token-request' || !denied().includes(context.offer?.userId)) return { tag: 'abstain' };
    const val = { reason: 'the user is on the list', userMessage: 'Please contact the office.' };
    return { tag: 'deny', val };
  }),

  authorize: typed(() => ({ tag: 'abstain' })),
};

function denied() {
  const list = JSON.parse(config.all()).denied_users;
  if (list === undefined) throw problem('misconfigured', 'denied_users is missing');
  return list;
}
