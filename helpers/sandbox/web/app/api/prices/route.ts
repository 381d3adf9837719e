import { query } from "@/lib/db";
import { handle } from "@/lib/http";

export const dynamic = "force-dynamic";

export const GET = handle(async () => {
  const prices = await query("select sku, max(price_cents) as price_cents from order_items where order_id <= 20 group by sku order by sku limit 20");
  return Response.json({ prices });
});
