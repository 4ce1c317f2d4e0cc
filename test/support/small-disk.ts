/** Small disks in memory, for what happens when there is no room. */
import { execFileSync } from 'node:child_process';
import { afterEach } from 'vitest';

/**
 * A way to mount them on folders; false where we may not. They are gone after each test: call it after the maker of the folders,
 * for hooks run last to first.
 */
export function smallDisks(): (folder: string, sizeBytes: number) => boolean {
  const mounted: string[] = [];
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder]);
  });
  return (folder, sizeBytes) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder], { stdio: 'ignore' });
      mounted.push(folder);
      return true;
    } catch {
      return false;
    }
  };
}
