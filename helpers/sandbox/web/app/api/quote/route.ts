import { z } from "zod";
import { handle } from "@/lib/http";
import { shippingCents } from "@/lib/shipping";

export const maxDuration = 5;

const Query = z.object({ country: z.string().length(2).default("DE"), total_cents: z.coerce.number().int().nonnegative().default(0) });

export const GET = handle(async (request) => {
  const { country, total_cents } = Query.parse(Object.fromEntries(new URL(request.url).searchParams));
  const shipping_cents = await shippingCents(country);
  return Response.json({ country, shipping_cents, total_cents: total_cents + shipping_cents });
});
