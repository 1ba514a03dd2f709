// npm run admin -- <command>: prepares what is not there yet, then runs the command line. Without a command: its help.
import { runCommand } from './run-command.mjs';

await runCommand({ production: 'cli/main.js', development: 'dev/cli.js', unprepared: 1 });
