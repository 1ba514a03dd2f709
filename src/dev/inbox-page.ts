/** A mail as the inbox keeps it. */
export interface InboxMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** ISO 8601. */
  readonly at: string;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --faint: #888; --accent: #2563eb; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 2rem 1rem 4rem; font: 16px/1.5 system-ui, sans-serif; }
header { display: flex; align-items: baseline; gap: 1rem; margin-bottom: 1.5rem; }
h1 { margin: 0; font-size: 1.4rem; }
header span, time, .to { color: var(--faint); font-size: .9rem; }
article { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem; margin-bottom: 1rem; }
article:first-of-type { border-color: var(--accent); }
h2 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
pre { margin: .8rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .92rem/1.5 ui-monospace, monospace; }
summary { margin-top: .8rem; cursor: pointer; color: var(--accent); font-size: .9rem; }
iframe { display: block; width: 100%; height: 26rem; margin-top: .6rem; border: 1px solid var(--line); border-radius: .4rem; background: #fff; }
.empty { color: var(--faint); text-align: center; padding: 4rem 0; }
`;

/** Loads the page again when there is another mail, and not before: one may be reading. */
export const PAGE_SCRIPT = `'use strict';
const list = () => fetch('/api/messages').then((answer) => answer.text());
let shown;
setInterval(async () => {
  const now = await list().catch(() => shown);
  if (shown !== undefined && now !== shown) location.reload();
  shown = now;
}, 2000);
`;

/**
 * What a browser may do with the page: that one script, nothing from elsewhere. Mails in their frames are bound by it
 * too, and by the sandbox of the frame, which runs no script at all; their links open in a window of their own.
 */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The list of mails, newest first. Whatever comes from a mail is escaped. */
export function inboxPage(mails: readonly InboxMail[]): string {
  const list =
    mails.length === 0
      ? '<p class="empty">No mail yet. What the service sends appears here.</p>'
      : mails.map(article).join('');
  const count = mails.length === 1 ? '1 mail' : `${mails.length} mails`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="/inbox.js" defer></script>
<title>Inbox (${mails.length})</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>Inbox</h1><span>${count}, newest first</span></header>
<main>${list}</main>
</body>
</html>
`;
}

function article({ to, subject, text, html, at }: InboxMail): string {
  const rendered =
    html === ''
      ? ''
      : `<details><summary>As HTML</summary><iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="HTML part" referrerpolicy="no-referrer" loading="lazy" srcdoc="${escapeHtml(`<base target="_blank">${html}`)}"></iframe></details>`;
  return `<article>
<div class="head"><h2>${escapeHtml(subject)}</h2><time datetime="${escapeHtml(at)}">${escapeHtml(at.replace('T', ' ').slice(0, 19))} UTC</time></div>
<div class="to">to ${escapeHtml(to)}</div>
<pre>${escapeHtml(text.trim())}</pre>
${rendered}
</article>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
