import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArtifactError } from '../../../src/errors.ts';
import { decodeArtifact, encodeArtifact, seal, type Artifact } from '../../../src/model/networks/artifact.ts';
import { networkKinds } from '../../../src/model/networks/kinds.ts';
import { writeSafetensors } from '../../../src/model/networks/safetensors.ts';
import type { Tensor } from '../../../src/model/networks/tensor.ts';
import { artifactOf, manifestOf } from './artifacts.ts';
import { removeFolder } from '../../support/remove-folder.ts';

const withTensor = (artifact: Artifact, name: string, tensor: Tensor | undefined): Artifact => {
  const tensors = new Map(artifact.tensors);
  if (tensor === undefined) tensors.delete(name);
  else tensors.set(name, tensor);
  return { ...artifact, tensors };
};

/** Decodes, or gives the error's message; any other error than ArtifactError fails the test. */
function outcome(bytes: Uint8Array): Artifact | string {
  try {
    return decodeArtifact(bytes);
  } catch (error) {
    if (error instanceof ArtifactError) return error.message;
    throw error;
  }
}

describe('artifact', () => {
  it.each(networkKinds)('a network of kind %s is what it was, also behind other bytes', (kind) => {
    const artifact = artifactOf(kind);
    const bytes = encodeArtifact(artifact);
    expect(decodeArtifact(bytes)).toEqual(artifact);
    const shifted = new Uint8Array(bytes.byteLength + 3);
    shifted.set(bytes, 3);
    expect(decodeArtifact(shifted.subarray(3))).toEqual(artifact);
  });

  const bytes = encodeArtifact(artifactOf('deep'));

  it('any changed byte is seen', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at] = damaged[at]! ^ change;
        expect(outcome(damaged)).toMatch(/damaged|format/);
      }),
      { numRuns: 400 },
    );
  });

  it('any part of it, and anything longer, is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(outcome(bytes.slice(0, length))).toMatch(/damaged/);
      }),
    );
    expect(outcome(new Uint8Array([...bytes, 0]))).toMatch(/1 bytes belong to no tensor/);
  });

  it('with a checksum that fits, changed bytes give a network of the kind or an error that says what is wrong', () => {
    const headerEnd = 8 + new DataView(bytes.buffer).getUint32(0, true);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(headerEnd), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const forged = bytes.slice();
        for (const [at, value] of changes) forged[at] = value;
        const found = outcome(seal(forged));
        if (typeof found === 'string') expect(found).toMatch(/damaged|format|cannot serve/);
        else expect(() => encodeArtifact(found)).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a tensor is missing', withTensor(artifactOf('deep'), 'dense1.bias', undefined), /dense1.bias is missing/],
    [
      'a tensor of another kind is there',
      withTensor(artifactOf('embedding'), 'dense1.bias', { shape: [1], data: new Float32Array(1) }),
      /dense1.bias does not belong to the kind/,
    ],
    [
      'a shape does not fit the others',
      withTensor(artifactOf('deep'), 'dense2.kernel', { shape: [13, 8], data: new Float32Array(104) }),
      /dense2.kernel is \[13, 8\] instead of \[12, b\]/,
    ],
    [
      'a number is not finite',
      withTensor(artifactOf('rbm'), 'mean', { shape: [1], data: Float32Array.of(NaN) }),
      /mean has NaN at 0/,
    ],
    [
      'a tensor has other numbers than its shape says',
      withTensor(artifactOf('rbm'), 'mean', { shape: [1], data: new Float32Array(2) }),
      /mean of \[1\] has 2 numbers/,
    ],
    ['users are missing', { ...artifactOf('embedding'), userIds: ['a'] }, /user.bias is \[5\] instead of \[1\]/],
    [
      'the evaluation is not a number',
      { ...artifactOf('embedding'), manifest: { ...manifestOf('embedding'), evaluation: { rmse: NaN } } },
      /evaluation of its manifest/,
    ],
  ])('is not made when %s', (_, artifact, message) => {
    expect(() => encodeArtifact(artifact)).toThrow(ArtifactError);
    expect(() => encodeArtifact(artifact)).toThrow(message);
  });

  it('is not made and not read when it is larger than allowed', () => {
    expect(() => encodeArtifact(artifactOf('deep'), 100)).toThrow(/larger than the 100 that are allowed/);
    expect(() => decodeArtifact(bytes, bytes.length - 1)).toThrow(/larger than/);
  });

  it('a safetensors file from elsewhere is refused as that', () => {
    expect(outcome(writeSafetensors({ tensors: new Map(), metadata: {} }))).toMatch(/format none/);
    expect(outcome(writeSafetensors({ tensors: new Map(), metadata: { format: 'pt' } }))).toMatch(/format pt/);
  });

  it('one id twice is refused', () => {
    const forged = encodeArtifact({ ...artifactOf('embedding'), userIds: ['a', 'b', 'c', 'd', 'a'] });
    expect(outcome(forged)).toMatch(/user.ids is no list of different ids/);
  });
});

const python = spawnSync('python3', ['-c', 'import safetensors.numpy'], { timeout: 20_000 });

describe.skipIf(python.status !== 0)('artifact in Python', () => {
  it('safetensors reads tensors, ids and manifest', () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-artifact-'));
    try {
      const artifact = artifactOf('deep');
      const file = join(folder, 'deep.safetensors');
      writeFileSync(file, encodeArtifact(artifact));
      const script = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="numpy") as f:
    tensors = {name: f.get_tensor(name) for name in f.keys()}
    manifest = json.loads(f.metadata()["manifest"])
ids = {name: json.loads(tensors.pop(name).tobytes()) for name in ("user.ids", "item.ids")}
print(json.dumps({"manifest": manifest, "ids": ids, "tensors": {
    name: {"shape": list(t.shape), "data": t.astype("float64").ravel().tolist()} for name, t in tensors.items()}}))`;
      const read = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' })) as {
        manifest: unknown;
        ids: unknown;
        tensors: unknown;
      };
      expect(read.manifest).toEqual(artifact.manifest);
      expect(read.ids).toEqual({ 'user.ids': artifact.userIds, 'item.ids': artifact.itemIds });
      const tensors = [...artifact.tensors].map(([name, { shape, data }]) => [name, { shape, data: [...data] }]);
      expect(read.tensors).toEqual(Object.fromEntries(tensors));
    } finally {
      removeFolder(folder);
    }
  });
});
