/** The health check of the images: asks the process in the container whether it lives. Ends with 0 or 1. */
const host = process.env.FRESHET_HTTP_HOST ?? '127.0.0.1';
const port = process.env.FRESHET_HTTP_PORT ?? '8080';
const asked = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
const url = `http://${asked.includes(':') ? `[${asked}]` : asked}:${port}/healthz`;

const answer = await fetch(url, { signal: AbortSignal.timeout(4000) }).catch((error) => ({ ok: false, status: error }));
if (!answer.ok) console.error(`${url}: ${answer.status}`);
process.exitCode = answer.ok ? 0 : 1;
