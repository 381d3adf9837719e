import { withAuth } from "@/lib/auth";
import { query } from "@/lib/db";
import { handle } from "@/lib/http";

export const GET = handle(
  withAuth(async (_request, { customerId }) => {
    const [customer] = await query("select id, name, email, country from customers where id = $1", [customerId]);
    return Response.json(customer ?? null, { headers: { "Cache-Control": "private, no-store" } });
  }),
);
