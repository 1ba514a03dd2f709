import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import { z } from 'zod';
import type { Answer } from './endpoint';
import type { ProblemName } from './problem';

/** What a page says: plain words, and at most one button, which posts to the page's own address. */
export interface Page {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly button?: string;
}

export const html = z.string().meta({
  examples: [
    '<!doctype html><html lang="en"><h1>Your e-mail address is confirmed</h1></html>',
    '<!doctype html><html lang="en"><h1>This link does not work any more</h1></html>',
  ],
});

/** The query of a link in a mail. Whatever is not one token is a link that does not work, told on the page. */
export const linkQuery = z.object({
  token: z
    .string()
    .max(512)
    .meta({
      examples: ['tgl_AZgbXnw6fVKaVQ1vL29qEVDYWOCYXsx_YEGKrwzFq1h_QsJXCohAlanozKzQ9lRcUNhY4JhezH9gQQ'],
    })
    .optional()
    .catch(undefined),
});

const style = readFileSync(join(__dirname, 'page.css'), 'utf8');
const styleHash = createHash('sha256').update(style).digest('base64');
const eta = new Eta({ views: __dirname, cache: true });

/** No script, no other origin, and the one form posts home. Links in mails carry secrets, so nothing may be kept. */
const PAGE_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
};

/** Answers with a page. */
export function pageAnswer(page: Page, problem?: ProblemName): Answer<typeof html> {
  return {
    body: eta.render('./page', { button: undefined, ...page, style }),
    headers: PAGE_HEADERS,
    ...(problem !== undefined && { problem }),
  };
}
