// A request and an answer with what limiting middleware touches of Express' own, and nothing else: Express itself would
// cost ten times what is measured here.

export function requestFrom(ip) {
  return { ip, method: 'GET', originalUrl: '/', headers: {}, app: { get: () => false } };
}

export class Answer {
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  locals = {};
  #headers = new Map();

  setHeader(name, value) {
    this.#headers.set(name.toLowerCase(), String(value));
  }

  append(name, value) {
    const key = name.toLowerCase();
    const before = this.#headers.get(key);
    this.#headers.set(key, before === undefined ? String(value) : `${before}, ${value}`);
  }

  getHeader(name) {
    return this.#headers.get(name.toLowerCase());
  }

  status(code) {
    this.statusCode = code;
    return this;
  }

  send() {
    this.writableEnded = true;
    return this;
  }
}

/** Whether a request from there gets through all of these, as Express runs them: each as the one before calls `next`. */
export async function passes(middlewares, ip) {
  const request = requestFrom(ip);
  const answer = new Answer();
  for (const middleware of middlewares) {
    let passed = false;
    await middleware(request, answer, (error) => {
      if (error !== undefined) throw error;
      passed = true;
    });
    if (!passed) return false;
  }
  return true;
}
