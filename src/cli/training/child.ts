/** A process that trains one network on the native library, and ends: its memory and its threads go with it. */
import { loadNative } from '../../adapters/tensorflow/load-native.ts';
import { tfStep } from '../../train/tf-step.ts';
import { runJob, type TrainingJob } from './messages.ts';

process.once('message', (job) => {
  const tf = loadNative();
  void runJob(
    job as TrainingJob,
    (definition, d) => tfStep(tf, 'tfjs-node', definition, d),
    (reply) => process.send?.(reply),
  );
});
// Whoever asked has what was asked for, or is gone.
process.once('disconnect', () => process.exit());
