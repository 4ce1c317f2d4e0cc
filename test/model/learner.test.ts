import { createPlainKernel } from '../../src/kernel/plain.ts';
import { createSimdKernel } from '../../src/kernel/simd.ts';
import { describeLearnerContract } from '../contracts/learner.contract.ts';

describeLearnerContract('plain kernel', createPlainKernel);
const simd = createSimdKernel();
describeLearnerContract('SIMD kernel', () => simd);
