"""Redis behind a REST interface, as Upstash and Vercel KV offer it: one wire, the same session."""
