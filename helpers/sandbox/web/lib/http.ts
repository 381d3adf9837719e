import { z } from "zod";
import { log } from "@/lib/log";

/** An answer that a handler gives by throwing: the status, and what the client is told. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Handler<C> = (request: Request, context: C) => Promise<Response>;

/** A handler whose errors become JSON: 400 for input that does not fit, 500 for what nobody expected. */
export function handle<C>(handler: Handler<C>): Handler<C> {
  return (request, context) => handler(request, context).catch((error: unknown) => answer(error));
}

function answer(error: unknown): Response {
  if (error instanceof HttpError) return Response.json({ error: error.message }, { status: error.status });
  if (error instanceof z.ZodError) return Response.json({ error: "Invalid input", issues: z.flattenError(error) }, { status: 400 });
  const known = error instanceof Error ? error : new Error(String(error));
  log("error", known.message, { error_type: known.name, stack: known.stack });
  return Response.json({ error: "Internal error" }, { status: 500 });
}
