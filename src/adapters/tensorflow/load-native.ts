/**
 * TensorFlow.js on the native library, where `npm run native` has linked one: in a folder of its own, which the packages of
 * the project know nothing of.
 */
import type * as TensorFlow from '@tensorflow/tfjs-core';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';

/** Beside the built program and the sources. */
export const nativeFolder = fileURLToPath(new URL('../../../.tfjs-native', import.meta.url));

export interface NativeTensorFlow {
  readonly tensorFlowVersion: string;
  readonly tfjsVersion: string;
}

/** What was linked and verified, or null. */
export function linkedNative(folder = nativeFolder): NativeTensorFlow | null {
  const stamp = join(folder, 'linked.json');
  return existsSync(stamp) ? (JSON.parse(readFileSync(stamp, 'utf8')) as NativeTensorFlow) : null;
}

/** Call it in a process of its own: the library stays mapped, has threads, and a crash of it ends the process. */
export function loadNative(folder = nativeFolder): typeof TensorFlow {
  // Taken away by Node 23, and still used by tfjs-node.
  const old = util as unknown as Record<string, unknown>;
  old['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  old['isArray'] ??= Array.isArray;
  return createRequire(join(folder, 'package.json'))('@tensorflow/tfjs-node') as typeof TensorFlow;
}
