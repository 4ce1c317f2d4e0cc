import { plainKernel } from '../../src/kernel/plain.ts';
import { describeLearnerContract } from '../contracts/learner.contract.ts';

describeLearnerContract('plain kernel', plainKernel);
