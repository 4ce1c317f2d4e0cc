import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports of the loopback address that nobody listens on. They lie below the range from which systems choose the ports of
 * outgoing connections: a broker that is killed and started again finds its port still free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(20_000, 32_000);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
