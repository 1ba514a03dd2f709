import { z } from 'zod';

/** Whatever is not one token is a link that does not work, told on the page. */
export const linkQuery = z.object({ token: z.string().max(512).optional().catch(undefined) });
