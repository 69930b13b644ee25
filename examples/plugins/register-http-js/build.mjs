// Makes register-http-js.wasm from src/plugin.js. Random numbers, clocks and stdio stay in: without them the engine would repeat the
// numbers and the time of the build in every call. Only what the host never offers is left out.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const started = performance.now();

const { component } = await componentize({
  sourcePath: here('src/plugin.js'),
  witPath: process.env.ISSUER_PLUGIN_WIT ?? here('../../../sdk/wit/issuer-plugin-1.0.0'),
  worldName: 'claim-source',
  disableFeatures: ['http', 'fetch-event'],
});
const file = here('register-http-js.wasm');
await writeFile(file, component);
const size = (component.length / 1e6).toFixed(1);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`register-http-js.wasm: ${size} MB in ${seconds} s`);
