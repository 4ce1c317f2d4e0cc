/** TensorFlow.js on its WebAssembly backend, which every machine has. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';

export async function loadWasm(): Promise<typeof tf> {
  await tf.setBackend('wasm');
  return tf;
}
