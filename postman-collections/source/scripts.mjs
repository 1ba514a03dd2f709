// What runs in Postman before and after a request, as lines of JavaScript.

/** An address that nobody had before. */
export function newAddress(variable, name) {
  return [
    `const unique = Date.now().toString(36) + Math.random().toString(36).slice(2, 8);`,
    `pm.collectionVariables.set('${variable}', \`${name}.\${unique}@example.com\`);`,
  ];
}

/**
 * Waits, at most 10 s, for a mail to the address in `variable` that was not taken yet, and keeps what it carries: `otp`, the
 * digits; `otpToken`, the token that stands in for them; `wrongOtp`, other digits; `linkToken`, that of a link.
 */
export function takeMail(variable, what) {
  const wanted = { code: 'otp-token: (\\\\S+)', link: '\\\\?token=(\\\\S+)' }[what];
  const kept = {
    code: [
      `    const otp = /^\\d{6}$/m.exec(mail.text)[0];`,
      `    pm.collectionVariables.set('otp', otp);`,
      `    pm.collectionVariables.set('otpToken', token);`,
      `    pm.collectionVariables.set('wrongOtp', otp.slice(0, 5) + ((Number(otp[5]) + 1) % 10));`,
    ],
    link: [`    pm.collectionVariables.set('linkToken', decodeURIComponent(token));`],
  }[what];
  return [
    `// The newest mail with a ${what} to that address, as soon as it is in the embedded inbox.`,
    `const to = pm.collectionVariables.get('${variable}');`,
    `const wanted = new RegExp('${wanted}');`,
    `const take = (attempt) => pm.sendRequest(pm.variables.replaceIn('{{inboxUrl}}/api/messages'), (error, response) => {`,
    `  const mails = error ? [] : response.json().filter((mail) => mail.to === to && wanted.test(mail.text));`,
    `  const token = mails.length > 0 ? wanted.exec(mails[0].text)[1] : undefined;`,
    `  if (token !== undefined && token !== pm.collectionVariables.get('taken')) {`,
    `    const mail = mails[0];`,
    `    pm.collectionVariables.set('taken', token);`,
    ...kept,
    `  } else if (attempt < 100) {`,
    `    setTimeout(() => take(attempt + 1), 100);`,
    `  } else {`,
    `    pm.test('a mail with a ${what} arrives within 10 s', () => pm.expect.fail(\`no mail to \${to}\`));`,
    `  }`,
    `});`,
    `take(0);`,
  ];
}

/** Leaves the request out unless the one admin that the flow knows of is the only one. */
export const onlyWithOneAdmin = [
  `// With another admin beside this one it would succeed.`,
  `if (pm.collectionVariables.get('activeAdmins') !== '1') pm.execution.skipRequest();`,
];

/** More than a body may be: 64 KiB. */
export const makeTooLarge = [`pm.variables.set('tooLarge', 'x'.repeat(65_536));`];

/** That the answer is the documented success, in form and content. */
export function successTests({ status, type, schema }) {
  const title = `${status}${type === undefined ? '' : ` ${essence(type)}`}`;
  return [
    `pm.test('${title}', () => {`,
    `  pm.response.to.have.status(${status});`,
    ...(type === undefined
      ? [`  pm.expect(pm.response.text()).to.equal('');`]
      : [`  ${contentTypeIs(essence(type))}`]),
    `});`,
    ...(type === undefined ? [] : shapeTests(essence(type), schema)),
  ];
}

/** That the answer is this problem, as RFC 9457 has it. */
export function problemTests(status, code, path) {
  return [
    `pm.test('${status} ${code}', () => {`,
    `  pm.response.to.have.status(${status});`,
    `  ${contentTypeIs('application/problem+json')}`,
    `  pm.expect(pm.response.json().code).to.equal('${code}');`,
    ...(path === undefined
      ? []
      : [`  pm.expect(pm.response.json().errors.map((error) => error.path)).to.include('${path}');`]),
    `});`,
  ];
}

/** That the answer is a page that tells of trouble. */
export function pageTests(status) {
  return [
    `pm.test('${status} text/html', () => {`,
    `  pm.response.to.have.status(${status});`,
    `  ${contentTypeIs('text/html')}`,
    `});`,
  ];
}

/** After every answer of the service, whatever was asked. `schema`: that of problems. */
export function everyAnswer(schema) {
  return [
    `const { code, headers } = pm.response;`,
    `const requestId = headers.get('X-Request-Id');`,
    `pm.test('has a request id', () => pm.expect(requestId).to.match(/^[A-Za-z0-9_-]{8,64}$/));`,
    `if (pm.request.url.getPath().startsWith('/api/v1/')) {`,
    `  pm.test('is not to be kept', () => pm.expect(headers.get('Cache-Control')).to.equal('no-store'));`,
    `}`,
    `if (/^application\\/problem\\+json/.test(headers.get('Content-Type'))) {`,
    `  pm.test('is problem details of RFC 9457', () => {`,
    `    pm.response.to.have.jsonSchema(${JSON.stringify(schema)});`,
    `    pm.expect(pm.response.json().status).to.equal(code);`,
    `    pm.expect(pm.response.json().requestId).to.equal(requestId);`,
    `  });`,
    `}`,
    `if (code === 401) {`,
    `  pm.test('says how to authenticate', () => pm.expect(headers.get('WWW-Authenticate')).to.match(/^Bearer/));`,
    `}`,
    `if (code === 405) {`,
    `  pm.test('says what is allowed', () => pm.expect(headers.get('Allow')).to.match(/^[A-Z]+(, [A-Z]+)*$/));`,
    `}`,
    `if (code === 429) {`,
    `  pm.test('says when to come back', () => pm.expect(Number(headers.get('Retry-After'))).to.be.at.least(1));`,
    `}`,
  ];
}

/** Members of the answer that later requests need, by the variables that keep them. */
export function keep(members) {
  return Object.entries(members).map(
    ([variable, member]) => `pm.collectionVariables.set('${variable}', pm.response.json().${member});`,
  );
}

function shapeTests(type, schema) {
  if (type === 'text/html') {
    return [
      `pm.test('is a page', () => pm.expect(pm.response.text()).to.match(/^<!doctype html>[^]*<\\/html>\\s*$/i));`,
    ];
  }
  if (!type.endsWith('json')) {
    return [
      `pm.test('is the Prometheus text format', () => pm.expect(pm.response.text()).to.match(/^# (HELP|TYPE) /));`,
    ];
  }
  const shape = JSON.stringify(schema);
  if (type.endsWith('ndjson')) {
    return [
      `pm.test('has the documented shape, line by line', () => {`,
      `  const lines = pm.response.text().split('\\n').slice(0, -1);`,
      `  pm.expect(lines).to.not.be.empty;`,
      `  for (const line of lines) pm.expect(JSON.parse(line)).to.have.jsonSchema(${shape});`,
      `});`,
    ];
  }
  return [
    `pm.test('has the documented shape', () => {`,
    `  pm.response.to.have.jsonSchema(${shape});`,
    `});`,
  ];
}

function contentTypeIs(type) {
  return `pm.expect(pm.response.headers.get('Content-Type').split(';')[0]).to.equal('${type}');`;
}

function essence(type) {
  return type.split(';')[0];
}
