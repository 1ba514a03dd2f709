// Compiled, never run: what must compile, and what must not. It sees the package as its users do.
import { createClient, type Problem, type ProblemCode, type User } from '@tollgate/client';

const client = createClient({ baseUrl: 'https://id.example.com' });
const email = 'ada@example.com';
const password = 'violet-lantern-47';

declare function use(...values: unknown[]): void;

export async function whatCompiles(): Promise<void> {
  const { data, error } = await client.GET('/api/v1/users/me');
  if (error !== undefined) {
    const code: ProblemCode = error.code;
    const problem: Problem = error;
    use(code, problem);
  } else if ('email' in data) {
    const role: 'USER' | 'ADMIN' = data.role;
    use(role);
  }
  await client.DELETE('/api/v1/users/me/sessions/{id}', { params: { path: { id: 'an id' } } });
  await client.POST('/api/v1/otp/verify', { body: { email, purpose: 'verify_email', otp: '042137' } });
  const login = await client.login({ email, password });
  const user: User | undefined = login.data ?? client.user;
  use(user);
}

export async function whatDoesNot(): Promise<void> {
  // @ts-expect-error there is no such path
  await client.GET('/api/v1/users/you');
  // @ts-expect-error the path has no such method
  await client.DELETE('/api/v1/users/me/sessions');
  // @ts-expect-error the parameter of the path is missing
  await client.DELETE('/api/v1/users/me/sessions/{id}');
  // @ts-expect-error a member of the body is missing
  await client.POST('/api/v1/auth/register', { body: { email, password } });
  // @ts-expect-error a member of the body is of another type
  await client.PATCH('/api/v1/users/me', { body: { username: 7 } });
  // @ts-expect-error the query knows no such role
  await client.GET('/api/v1/admin/users', { params: { query: { role: 'OWNER' } } });
  // @ts-expect-error tokens come by login(), which keeps them
  await client.POST('/api/v1/auth/login', { body: { email, password } });
  // @ts-expect-error the same by a code: loginByOtp()
  await client.POST('/api/v1/otp/verify', { body: { email, purpose: 'login', otp: '042137' } });
  // @ts-expect-error a password is needed
  await client.login({ email });
  const { error } = await client.GET('/api/v1/users/me');
  // @ts-expect-error no problem has this code
  use(error?.code === 'wrong_password');
  const { data } = await client.GET('/api/v1/users/me/sessions');
  // @ts-expect-error it is undefined where the call did not do
  use(data.sessions);
  // @ts-expect-error there is no such transport
  createClient({ baseUrl: 'https://id.example.com', transport: 'header' });
}
