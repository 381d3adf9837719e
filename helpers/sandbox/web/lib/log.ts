/** One line of JSON, as the platform's log drain carries it. */
export function log(level: "info" | "warn" | "error", msg: string, fields: Record<string, unknown> = {}): void {
  console[level](JSON.stringify({ level, time: Date.now(), msg, ...fields }));
}
