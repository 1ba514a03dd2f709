import type { Response } from 'supertest';

/** An answer without what differs from one request to the next: two of these are equal where nobody can tell them apart. */
export function plainAnswer({ status, headers, text }: Response) {
  const { 'x-request-id': requestId, date: _, ...others } = headers;
  return { status, headers: others, text: text.replaceAll(String(requestId), '') };
}

/** Status, and the code of the problem or nothing. */
export function outcomeOf({ status, body }: Response): string {
  return `${status} ${body?.code ?? ''}`.trimEnd();
}

/** How often each outcome came. */
export function countOutcomes(responses: readonly Response[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const response of responses) {
    const outcome = outcomeOf(response);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
