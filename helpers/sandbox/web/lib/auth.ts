import { cache } from "@/lib/cache";
import { HttpError } from "@/lib/http";

export type Signed<C> = C & { customerId: number };

/** A handler that only a customer with a session reaches: a bearer token, or the browser's cookie. */
export function withAuth<C>(handler: (request: Request, context: Signed<C>) => Promise<Response>) {
  return async (request: Request, context: C): Promise<Response> => {
    const token = tokenOf(request);
    const found = token ? await (await cache()).get(`session:${token}`) : null;
    if (found === null) throw new HttpError(401, "Sign in first");
    return handler(request, { ...context, customerId: Number(found) });
  };
}

function tokenOf(request: Request): string | undefined {
  const [kind, token] = (request.headers.get("authorization") ?? "").split(" ");
  if (kind === "Bearer" && token) return token;
  return /(?:^|;\s*)session=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1];
}
