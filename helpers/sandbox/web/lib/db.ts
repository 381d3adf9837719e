import { Pool, type QueryResultRow } from "pg";
import { env } from "@/lib/env";

let pool: Pool | undefined;

/** Rows of one statement, over the pool of this instance. */
export async function query<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
  pool ??= new Pool({ connectionString: env().DATABASE_URL, max: env().POOL_SIZE, application_name: "shop-web", connectionTimeoutMillis: 5000 });
  return (await pool.query<R>(text, values)).rows;
}
