/** Removes a folder with all that is in it. A process that was killed a moment ago may still put something there: then again. */
import { rmSync } from 'node:fs';

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
