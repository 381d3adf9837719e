import { z } from "zod";
import { withAuth } from "@/lib/auth";
import { query } from "@/lib/db";
import { handle, HttpError } from "@/lib/http";

type Context = { params: Promise<{ id: string }> };

export const GET = handle<Context>(
  withAuth(async (_request, { params, customerId }) => {
    const id = z.coerce.number().int().positive().parse((await params).id);
    const text = "select id, customer_id, status, total_cents, currency, created_at from orders where id = $1";
    const [order] = await query<{ customer_id: string }>(text, [id]);
    if (!order || Number(order.customer_id) !== customerId) throw new HttpError(404, "No such order");
    return Response.json(order);
  }),
);
