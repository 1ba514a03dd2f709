// npm run build: compiles src into dist, whether or not that is up to date.
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit({ build: true, force: true });
