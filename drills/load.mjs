import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_MS = 10_000;
/** More than that are not sent: the service is behind, and the load is no longer the one that was asked for. */
const MOST_IN_FLIGHT = 4_096;

/**
 * Sends one kind of request to several processes in turn, over so many connections in all, each kept and used in turn,
 * and counts what came of them.
 */
export class Load {
  admitted = 0;
  refused = 0;
  /** The connection was refused: these have reached nobody. */
  unsent = 0;
  /** No answer came, or one that says nothing of the limit (503): these may have been charged. */
  unknown = 0;
  sockets = 0;
  /** When the first and the last were sent, and when their answers came (ms of `performance.now`). */
  times = { firstSent: Infinity, lastSent: 0, firstAnswer: Infinity, lastAnswer: 0 };
  #targets;
  #call;
  #known = new WeakSet();
  #turn = 0;
  #inFlight = 0;

  /** `call`: method and path, and which status admits. */
  constructor(ports, { sockets, ...call }) {
    this.#call = call;
    this.#targets = ports.map((port, index) => {
      const share = Math.floor(sockets / ports.length) + (index < sockets % ports.length ? 1 : 0);
      return { port, agent: new Agent({ keepAlive: true, maxSockets: share, scheduling: 'fifo' }) };
    });
  }

  get requests() {
    return this.admitted + this.refused + this.unsent + this.unknown;
  }

  /** Opens every connection, and lets the processes warm up: the same call over each, which is not counted here. */
  async connect() {
    const open = (target) => Array.from({ length: target.agent.maxSockets }, () => this.#send(target));
    await Promise.all(this.#targets.flatMap(open));
  }

  /** One request to the next process in turn; its answer, or undefined. */
  async one() {
    const target = this.#targets[this.#turn++ % this.#targets.length];
    const sent = performance.now();
    this.#inFlight += 1;
    try {
      const answer = await this.#send(target);
      if (answer.status === this.#call.admits) this.admitted += 1;
      else if (answer.status === 429) this.refused += 1;
      else if (answer.status === 503) this.unknown += 1;
      else throw new Error(`unexpected answer: ${answer.status} ${answer.text}`);
      if (answer.status !== 503) this.#note(sent, performance.now());
      return answer;
    } catch (error) {
      if (error.code === 'ECONNREFUSED') this.unsent += 1;
      else if (error.code !== undefined || error.name === 'AbortError') this.unknown += 1;
      else throw error;
      return undefined;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** So many, as fast as so many callers get answers; each millisecond one more caller begins. */
  async burst(count, callers) {
    let left = count;
    const caller = async () => {
      while (left-- > 0) await this.one();
    };
    const calling = [];
    for (; calling.length < callers; await sleep(1)) calling.push(caller());
    await Promise.all(calling);
  }

  /** So many a second, evenly, whatever the answers take; returns how many a second were really sent. */
  async steady(perSecond, seconds) {
    const start = performance.now();
    const calls = new Set();
    let sent = 0;
    for (let now = start; now < start + seconds * 1_000; now = performance.now()) {
      const due = Math.floor(((now - start) * perSecond) / 1_000);
      for (; sent < due && this.#inFlight < MOST_IN_FLIGHT; sent += 1) {
        const call = this.one();
        calls.add(call);
        call.finally(() => calls.delete(call)).catch(() => {});
      }
      await sleep(4);
    }
    await Promise.all(calls);
    return sent / seconds;
  }

  close() {
    for (const { agent } of this.#targets) agent.destroy();
  }

  #note(sent, answered) {
    const { times } = this;
    times.firstSent = Math.min(times.firstSent, sent);
    times.lastSent = Math.max(times.lastSent, sent);
    times.firstAnswer = Math.min(times.firstAnswer, answered);
    times.lastAnswer = Math.max(times.lastAnswer, answered);
  }

  #send({ port, agent }) {
    const { method, path } = this.#call;
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const call = request({ host: '127.0.0.1', port, agent, method, path, signal }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ port, status: response.statusCode, headers: response.headers, text }),
        );
        response.on('error', reject);
      });
      call.on('socket', (socket) => {
        if (!socket.connecting || this.#known.has(socket)) return;
        this.#known.add(socket);
        socket.once('connect', () => {
          this.sockets += 1;
        });
      });
      call.on('error', reject);
      call.end();
    });
  }
}
