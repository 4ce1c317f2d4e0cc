import { describe, expect, it } from 'vitest';
import { linkedNative, loadNative } from '../../src/adapters/tensorflow/load-native.ts';
import { onTensorFlow, stepContract } from '../contracts/step.contract.ts';

const native = linkedNative();

// `npm run native` links it; .ci/run does, and then FRESHET_TEST_NATIVE says that it has to be there.
describe.skipIf(native === null)('the native library', () => {
  stepContract('tfjs-node', async (input) => onTensorFlow(loadNative(), 'tensorflow')(input));
});

it.runIf(process.env['FRESHET_TEST_NATIVE'] === '1')('has been linked', () => {
  expect(native).toMatchObject({ tfjsVersion: '4.22.0' });
});
