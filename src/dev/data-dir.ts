import { join } from 'node:path';

/** Where the embedded parts keep their data, unless `--data-dir` puts it elsewhere. */
export const DATA_DIR = join(__dirname, '..', '..', '.data');
