// Makes {{name}}.wasm. Random numbers, clocks and stdio stay in: without them the engine would repeat the numbers and the time of the
// build in every call. Only what the host never offers is left out.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here('src/plugin.js'),
  witPath: here('wit/issuer-plugin-1.0.0'),
  worldName: 'auth-hook',
  disableFeatures: ['http', 'fetch-event'],
});
await writeFile(here('{{name}}.wasm'), component);
