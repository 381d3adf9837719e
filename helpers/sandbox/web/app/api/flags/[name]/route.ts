import { cache } from "@/lib/cache";
import { handle } from "@/lib/http";

type Context = { params: Promise<{ name: string }> };

export const GET = handle<Context>(async (_request, { params }) => {
  const { name } = await params;
  return Response.json({ name, enabled: (await (await cache()).get(`flag:${name}`)) === "1" });
});
