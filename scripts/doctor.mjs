// npm run doctor: prepares what is not there yet, then checks the settings and the running instance. See docs/asvs.md.
import { runCommand } from './run-command.mjs';

// 1 would say that a must failed.
await runCommand({ production: 'doctor/main.js', development: 'dev/doctor.js', unprepared: 2 });
