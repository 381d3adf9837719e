import { z } from "zod";

const schema = z.object({
  DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  SHIPPING_URL: z.string().optional(),
  POOL_SIZE: z.coerce.number().int().positive().default(5),
});

export type Env = z.infer<typeof schema>;

let parsed: Env | undefined;

/** The settings, checked when they are first needed. */
export function env(): Env {
  parsed ??= schema.parse(process.env);
  return parsed;
}
