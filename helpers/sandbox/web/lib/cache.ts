import { createClient } from "redis";
import { env } from "@/lib/env";

type Client = ReturnType<typeof createClient>;

let client: Promise<Client> | undefined;

/** The connection to Redis of this instance. */
export function cache(): Promise<Client> {
  client ??= open();
  return client;
}

async function open(): Promise<Client> {
  const made = createClient({ url: env().REDIS_URL, name: "shop-web" });
  made.on("error", (error) => console.error(JSON.stringify({ level: "error", msg: "redis", error_type: error.name })));
  await made.connect();
  return made as Client;
}
