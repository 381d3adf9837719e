// What the platform's runtime does around a function: it knows which request a line of the console belongs to.
// Each write becomes one JSON line: {"request": id or null, "stream": "stdout" | "stderr", "text": …}. Imitation.
"use strict";
const { AsyncLocalStorage } = require("node:async_hooks");
const http = require("node:http");

const current = new AsyncLocalStorage();
const emit = http.Server.prototype.emit;
const write = process.stdout.write.bind(process.stdout);

http.Server.prototype.emit = function (event, ...rest) {
  if (event !== "request") return emit.call(this, event, ...rest);
  return current.run(rest[0].headers["x-vercel-id"] ?? null, () => emit.call(this, event, ...rest));
};

for (const stream of ["stdout", "stderr"]) {
  process[stream].write = (chunk, encoding, done) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return write(JSON.stringify({ request: current.getStore() ?? null, stream, text }) + "\n", typeof encoding === "function" ? encoding : done);
  };
}
