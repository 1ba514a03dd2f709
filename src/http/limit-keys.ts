/** What the buckets of routes are kept for. */

interface FromAddress {
  readonly address: string;
}

interface WithEmail extends FromAddress {
  readonly body: { readonly email: string };
}

export const byAddress = ({ address }: FromAddress) => [address];

export const byEmail = ({ body }: WithEmail) => [body.email];

export const byEmailAndAddress = ({ address, body }: WithEmail) => [body.email, address];

export const byNewEmailAndAddress = ({
  address,
  body,
}: FromAddress & { readonly body: { readonly newEmail: string } }) => [body.newEmail, address];

interface SignedIn {
  readonly principal: { readonly user: { readonly id: string; readonly email: string } };
}

export const byUser = ({ principal }: SignedIn) => [principal.user.id];

export const byOwnEmailAndAddress = ({ address, principal }: FromAddress & SignedIn) => [
  principal.user.email,
  address,
];
