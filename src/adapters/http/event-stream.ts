/** How an answer of server-sent events begins. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Proxies of the nginx family would hold events back.
  'x-accel-buffering': 'no',
};
