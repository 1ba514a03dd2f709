/** What the buckets of routes are kept for. */

interface FromAddress {
  readonly address: string;
}

interface WithEmail extends FromAddress {
  readonly body: { readonly email: string };
}

export const byAddress = ({ address }: FromAddress) => [address];

export const byEmailAndAddress = ({ address, body }: WithEmail) => [body.email, address];

export const byUser = ({ principal }: { readonly principal: { readonly user: { readonly id: string } } }) => [
  principal.user.id,
];
