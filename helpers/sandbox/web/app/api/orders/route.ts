import { z } from "zod";
import { withAuth } from "@/lib/auth";
import { query } from "@/lib/db";
import { handle } from "@/lib/http";

const Search = z.object({ customer_id: z.coerce.number().int().positive(), limit: z.coerce.number().int().min(1).max(200).default(50) });
const NewOrder = z.object({ total_cents: z.number().int().nonnegative(), shipping_address: z.string().min(5) });

export const GET = handle(async (request) => {
  const { customer_id, limit } = Search.parse(Object.fromEntries(new URL(request.url).searchParams));
  const text = "select id, status, total_cents, currency, created_at from orders where customer_id = $1 order by created_at desc limit $2";
  return Response.json({ orders: await query(text, [customer_id, limit]) });
});

export const POST = handle(
  withAuth(async (request, { customerId }) => {
    const order = NewOrder.parse(await request.json());
    const text = "insert into orders (customer_id, total_cents, shipping_address) values ($1, $2, $3) returning id";
    const [{ id }] = await query<{ id: string }>(text, [customerId, order.total_cents, order.shipping_address]);
    await query("insert into order_items (order_id, sku, quantity, price_cents) values ($1, $2, 1, $3)", [id, "SKU-1", order.total_cents]);
    return Response.json({ id }, { status: 201 });
  }),
);
