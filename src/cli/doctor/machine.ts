import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { linkedNative, type NativeTensorFlow } from '../../adapters/tensorflow/load-native.ts';
import { hasSimd } from '../../kernel/simd.ts';
import { fine, mebibytes, type Check } from './check.ts';

const oldestNode = [20, 19] as const;
const smallestMemoryBytes = 256 * 2 ** 20;

export function machineChecks(): Check[] {
  const parallelism = availableParallelism();
  return [
    nodeCheck(process.versions.node),
    fine('platform', `${process.platform} ${process.arch}`),
    fine('cpus', `${parallelism} usable, ${cpus()[0]?.model.trim() ?? 'of unknown model'}`),
    memoryCheck(process.constrainedMemory(), totalmem(), freemem()),
    kernelCheck(hasSimd()),
    trainingCheck(linkedNative()),
    fine('heap limit', mebibytes(getHeapStatistics().heap_size_limit)),
  ];
}

export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return fine('node', version);
  return { name: 'node', state: 'problem', found: version, advice: `Install Node ${oldestNode.join('.')} or newer.` };
}

/** `constrainedBytes` is the control group's limit; 0 or more than the machine has means that there is none. */
export function memoryCheck(constrainedBytes: number, totalBytes: number, freeBytes: number): Check {
  const limited = constrainedBytes > 0 && constrainedBytes < totalBytes;
  const usableBytes = limited ? constrainedBytes : totalBytes;
  const found = limited
    ? `${mebibytes(constrainedBytes)} (limit of the control group; the machine has ${mebibytes(totalBytes)})`
    : `${mebibytes(totalBytes)}, ${mebibytes(freeBytes)} free, no limit`;
  if (usableBytes >= smallestMemoryBytes) return fine('memory', found);
  return { name: 'memory', state: 'warning', found, advice: `Allow at least ${mebibytes(smallestMemoryBytes)}.` };
}

/** Without SIMD everything works, several times slower. */
export function kernelCheck(simd: boolean): Check {
  if (simd) return fine('kernel', 'simd');
  const advice = 'This Node has no WebAssembly SIMD: the plain kernel is used, which is slower.';
  return { name: 'kernel', state: 'warning', found: 'plain', advice };
}

/** What embedding, deep and residual networks are trained on. */
export function trainingCheck(native: NativeTensorFlow | null): Check {
  if (native === null) return fine('training', 'tfjs-wasm, in a thread; npm run native links a faster library');
  return fine('training', `tfjs-node ${native.tfjsVersion} on TensorFlow ${native.tensorFlowVersion}, in a process`);
}
