import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

/** Members that hold secrets wherever they turn up, one and two levels deep. */
const SECRETS = [
  'password',
  'newPassword',
  'currentPassword',
  'otp',
  'token',
  'accessToken',
  'refreshToken',
  'resetToken',
  'authorization',
  'cookie',
  'secret',
  'email',
];

/** Lean JSON lines (NDJSON) on standard output. Secrets and e-mails are redacted, should one ever be handed in. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination,
  );
}

/**
 * For lines whose every member is the service's own, such as that of a request: nothing is looked for to be redacted, which
 * costs several times what the line does.
 */
export function withoutRedaction(logger: Logger): Logger {
  return logger.child({}, { redact: [] });
}

/** Name, message and stack along the chain of causes, and no other member: errors of libraries carry connection strings. */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: typeof error };
  return {
    name: error.name,
    message: withoutCredentials(error.message),
    stack: withoutCredentials(error.stack ?? ''),
    ...(error.cause !== undefined && depth < 4 && { cause: serializeError(error.cause, depth + 1) }),
  };
}

function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/[^@\s/]*@/g, '://[redacted]@');
}
