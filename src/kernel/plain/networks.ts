import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import type { NetworkKernel } from '../network-kernel.ts';
import { dotArrays } from './vectors.ts';

export function plainNetworks({ floats, words }: HeapMemory): Omit<NetworkKernel, 'ridge'> {
  return {
    gather(outAt, entriesAt, n, k, at) {
      const out = floats[outAt >> cellBits]!;
      const o = outAt & cellMask;
      const addresses = words[entriesAt >> cellBits]!;
      const factors = floats[entriesAt >> cellBits]!;
      for (let e = entriesAt & cellMask, last = e + 2 * n; e < last; e += 2) {
        const row = floats[addresses[e]! >> cellBits]!;
        const from = (addresses[e]! & cellMask) + at;
        const factor = factors[e + 1]!;
        for (let i = 0; i < k; i++) out[o + i] = out[o + i]! + factor * row[from + i]!;
      }
    },

    scatter(entriesAt, n, k, at, xAt, scale) {
      const x = floats[xAt >> cellBits]!;
      const from = xAt & cellMask;
      const addresses = words[entriesAt >> cellBits]!;
      const factors = floats[entriesAt >> cellBits]!;
      for (let e = entriesAt & cellMask, last = e + 2 * n; e < last; e += 2) {
        const row = floats[addresses[e]! >> cellBits]!;
        const to = (addresses[e]! & cellMask) + at;
        const factor = Math.fround(factors[e + 1]! * Math.fround(scale));
        for (let i = 0; i < k; i++) row[to + i] = row[to + i]! + factor * x[from + i]!;
      }
    },

    logistic(at, n) {
      const x = floats[at >> cellBits]!;
      for (let i = at & cellMask, last = i + n; i < last; i++) x[i] = 1 / (1 + Math.exp(-x[i]!));
    },

    logisticGradient(gradientAt, yAt, n) {
      const gradient = floats[gradientAt >> cellBits]!;
      const y = floats[yAt >> cellBits]!;
      const g = gradientAt & cellMask;
      const from = yAt & cellMask;
      for (let i = 0; i < n; i++) gradient[g + i] = gradient[g + i]! * y[from + i]! * (1 - y[from + i]!);
    },

    maskedOutputs(entriesAt, n, k, at, gradientsAt, xAt, xGradientAt) {
      const x = floats[xAt >> cellBits]!;
      const xFrom = xAt & cellMask;
      const xGradient = floats[xGradientAt >> cellBits]!;
      const xTo = xGradientAt & cellMask;
      const addresses = words[entriesAt >> cellBits]!;
      const targets = floats[entriesAt >> cellBits]!;
      let total = 0;
      for (let e = entriesAt & cellMask, last = e + 2 * n; e < last; e += 2) {
        const row = floats[addresses[e]! >> cellBits]!;
        const w = (addresses[e]! & cellMask) + at;
        const g = (addresses[e]! & cellMask) + gradientsAt;
        const error = Math.fround(dotArrays(x, xFrom, row, w, k) + row[w + k]! - targets[e + 1]!);
        total += error * error;
        for (let i = 0; i < k; i++) {
          xGradient[xTo + i] = xGradient[xTo + i]! + error * row[w + i]!;
          row[g + i] = row[g + i]! + error * x[xFrom + i]!;
        }
        row[g + k] = row[g + k]! + error;
      }
      return total;
    },

    softmax(outAt, xAt, weightsAt, biasesAt, k, levels) {
      const out = floats[outAt >> cellBits]!;
      const o = outAt & cellMask;
      const x = floats[xAt >> cellBits]!;
      const weights = floats[weightsAt >> cellBits]!;
      const biases = floats[biasesAt >> cellBits]!;
      const bias = biasesAt & cellMask;
      let most = -Infinity;
      for (let l = 0; l < levels; l++) {
        const value = biases[bias + l]! + dotArrays(x, xAt & cellMask, weights, (weightsAt & cellMask) + l * k, k);
        out[o + l] = value;
        if (value > most) most = value;
      }
      let total = 0;
      for (let l = 0; l < levels; l++) total += out[o + l] = Math.exp(out[o + l]! - most);
      for (let l = 0; l < levels; l++) out[o + l] = out[o + l]! / total;
    },

    adam(weightsAt, gradientsAt, mAt, vAt, n, rate, decay) {
      const weights = floats[weightsAt >> cellBits]!;
      const gradients = floats[gradientsAt >> cellBits]!;
      const ms = floats[mAt >> cellBits]!;
      const vs = floats[vAt >> cellBits]!;
      const w = weightsAt & cellMask;
      const g = gradientsAt & cellMask;
      const m = mAt & cellMask;
      const v = vAt & cellMask;
      for (let i = 0; i < n; i++) {
        const gradient = gradients[g + i]! + decay * weights[w + i]!;
        ms[m + i] = 0.9 * ms[m + i]! + 0.1 * gradient;
        vs[v + i] = 0.999 * vs[v + i]! + 0.001 * gradient * gradient;
        weights[w + i] = weights[w + i]! - (rate * ms[m + i]!) / (Math.sqrt(vs[v + i]!) + 1e-7);
        gradients[g + i] = 0;
      }
    },

    ascend(weightsAt, gradientsAt, velocitiesAt, n, momentum, rate, decay) {
      const weights = floats[weightsAt >> cellBits]!;
      const gradients = floats[gradientsAt >> cellBits]!;
      const velocities = floats[velocitiesAt >> cellBits]!;
      const w = weightsAt & cellMask;
      const g = gradientsAt & cellMask;
      const d = velocitiesAt & cellMask;
      for (let i = 0; i < n; i++) {
        velocities[d + i] = momentum * velocities[d + i]! + rate * (gradients[g + i]! - decay * weights[w + i]!);
        weights[w + i] = weights[w + i]! + velocities[d + i]!;
        gradients[g + i] = 0;
      }
    },

    sumRelu(outAt, aAt, bAt, n) {
      const out = floats[outAt >> cellBits]!;
      const a = floats[aAt >> cellBits]!;
      const b = floats[bAt >> cellBits]!;
      const o = outAt & cellMask;
      const x = aAt & cellMask;
      const y = bAt & cellMask;
      for (let i = 0; i < n; i++) out[o + i] = Math.max(0, a[x + i]! + b[y + i]!);
    },

    dense(outAt, xAt, weightsAt, biasAt, inputs, outputs, relu) {
      const out = floats[outAt >> cellBits]!;
      const x = floats[xAt >> cellBits]!;
      const weights = floats[weightsAt >> cellBits]!;
      const bias = floats[biasAt >> cellBits]!;
      const o = outAt & cellMask;
      for (let i = 0; i < outputs; i++) out[o + i] = bias[(biasAt & cellMask) + i]!;
      for (let i = 0, row = weightsAt & cellMask; i < inputs; i++, row += outputs) {
        const factor = x[(xAt & cellMask) + i]!;
        for (let j = 0; j < outputs; j++) out[o + j] = out[o + j]! + factor * weights[row + j]!;
      }
      if (relu === 0) return;
      for (let i = 0; i < outputs; i++) out[o + i] = Math.max(0, out[o + i]!);
    },
  };
}
