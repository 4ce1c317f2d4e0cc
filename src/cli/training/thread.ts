/** A thread that trains one network on the WebAssembly backend, and ends: its memory goes with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadWasm } from '../../adapters/tensorflow/load-wasm.ts';
import { tfStep } from '../../train/tf-step.ts';
import { runJob, type TrainingJob } from './messages.ts';

const tf = await loadWasm();
await runJob(
  workerData as TrainingJob,
  (definition, d) => tfStep(tf, 'tfjs-wasm', definition, d),
  (reply) => parentPort?.postMessage(reply),
);
