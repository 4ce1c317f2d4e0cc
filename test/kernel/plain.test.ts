import { createPlainKernel } from '../../src/kernel/plain.ts';
import { describeKernelContract } from '../contracts/kernel.contract.ts';

describeKernelContract('plain', createPlainKernel());
