export { type CallPaths, type ClientOptions, createClient, type TollgateClient } from './create-client.js';
export type { TokenStorage } from './kept-refresh-token.js';
export { NetworkError, type Problem, type ProblemCode, ProblemError, retryAfterSeconds } from './problem.js';
export type { components, operations, paths } from './schema.js';
export type { SignedOutReason } from './session.js';
export type { Answer, Credentials, User } from './session-calls.js';
