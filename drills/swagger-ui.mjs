// Swagger UI, used as a person uses it: by what the page shows.
const ANSWERED = '.live-responses-table tbody .response-col_status';

export class SwaggerUi {
  #page;

  constructor(page) {
    this.#page = page;
  }

  async open(baseUrl) {
    await this.#page.goto(`${baseUrl}/api-docs`);
    await this.#page.waitForSelector('.opblock');
  }

  /** The operations listed, as `GET /path`. */
  operations() {
    return this.#page.$$eval('.opblock', (blocks) =>
      blocks.map((block) => {
        const method = block.querySelector('.opblock-summary-method').textContent.trim();
        return `${method} ${block.querySelector('.opblock-summary-path').getAttribute('data-path')}`;
      }),
    );
  }

  block(operation) {
    return this.#page.locator(`[id^="operations-"][id$="-${operation}"]`);
  }

  /**
   * Opens an operation, presses "Try it out" and "Execute". The body is the example that stands there, with these members
   * changed; parameters not named are left as they stand. What the page then shows as answer: status and text.
   */
  async call(operation, { body, parameters = {} } = {}) {
    const block = this.block(operation);
    if ((await block.locator('.opblock-body').count()) === 0) await block.locator('.opblock-summary').click();
    const tryIt = block.getByRole('button', { name: 'Try it out' });
    await block
      .getByRole('button', { name: /Try it out|Execute/ })
      .first()
      .waitFor();
    if (await tryIt.isVisible()) await tryIt.click();
    const clear = block.getByRole('button', { name: 'Clear' });
    if (await clear.isVisible()) await clear.click();
    if (body !== undefined) {
      const text = block.locator('textarea.body-param__text');
      await text.fill(JSON.stringify({ ...JSON.parse(await text.inputValue()), ...body }, null, 2));
    }
    for (const [name, value] of Object.entries(parameters)) {
      await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    await block.getByRole('button', { name: 'Execute' }).click();
    const status = block
      .locator(ANSWERED)
      .filter({ hasText: /^\d{3}/ })
      .first();
    await status.waitFor();
    return {
      status: Number((await status.textContent()).slice(0, 3)),
      text: await block.locator('.live-responses-table').textContent(),
    };
  }

  /** Gives the access token to the Authorize button, in place of an earlier one. */
  async authorize(accessToken) {
    await this.#page.getByRole('button', { name: 'Authorize' }).first().click();
    const dialog = this.#page.locator('.dialog-ux');
    const bearer = dialog
      .locator('.auth-container')
      .filter({ has: this.#page.locator('code', { hasText: /^bearer$/ }) });
    await bearer.waitFor();
    const earlier = bearer.getByRole('button', { name: /Logout|Remove authorization/ });
    if (await earlier.isVisible()) await earlier.click();
    await bearer.locator('input').fill(accessToken);
    await bearer.locator('button[type=submit]').click();
    await earlier.waitFor();
    await dialog.getByRole('button', { name: 'Close' }).first().click();
  }

  /** The dialog of the Authorize button, open. */
  async showAuthorize(whileOpen) {
    await this.#page.getByRole('button', { name: 'Authorize' }).first().click();
    await this.#page.locator('.dialog-ux .auth-container').first().waitFor();
    await whileOpen();
    await this.#page.locator('.dialog-ux').getByRole('button', { name: 'Close' }).first().click();
  }
}
