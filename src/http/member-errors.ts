import type { ZodError } from 'zod';
import type { MemberError } from './problem';

/** What a schema found wrong, by member: a member that no schema names is named itself. */
export function memberErrors(error: ZodError): MemberError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...path, key].join('.'),
        message: 'is not a member of this call',
      }));
    }
    return [{ path: path.join('.'), message: issue.message }];
  });
}
