import type { Role } from '../stores/session/session-store';

/** What each role may do: deny by default, and a new role is one line. Each endpoint names the permission it needs. */
export const ROLE_PERMISSIONS = {
  GUEST: ['identity:read'],
  USER: ['identity:read', 'account:read', 'account:write'],
  ADMIN: [
    'identity:read',
    'account:read',
    'account:write',
    'users:read',
    'users:write',
    'audit:read',
    'allowlist:read',
    'allowlist:write',
    'limits:read',
    'limits:write',
  ],
} as const satisfies Readonly<Record<Role | 'GUEST', readonly string[]>>;

type PermissionsOf<R extends keyof typeof ROLE_PERMISSIONS> = (typeof ROLE_PERMISSIONS)[R][number];

/** What a bearer without a session may do. */
export type GuestPermission = PermissionsOf<'GUEST'>;

export type Permission = PermissionsOf<keyof typeof ROLE_PERMISSIONS>;

/** Whether somebody in this role may do that; a role that is not in the table may do nothing. */
export function isAllowed(role: Role | 'GUEST', permission: Permission): boolean {
  const permissions: readonly Permission[] = ROLE_PERMISSIONS[role] ?? [];
  return permissions.includes(permission);
}
