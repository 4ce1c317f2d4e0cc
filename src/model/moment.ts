/**
 * One rating's surroundings: what is known of the user and the item just before it. Filled once, read by every expert in
 * turn; each may leave intermediate values for those after it. One object serves all events: nothing is allocated.
 */
import type { Address, Block } from '../kernel/row-memory.ts';

export class Moment {
  /** The user's row (all zeros for an unknown user): cells from `userAt` on. */
  user: Float32Array;
  userAt = 0;
  /** Where kernels find the two rows. */
  userAddress: Address;
  readonly itemAddress: Address;
  userRow = -1;
  /** First history block of the user (row + 1; 0: none). */
  userHead = 0;
  /** The item's row as the sum of its parts (all zeros for an unknown item), from cell 0 on. */
  readonly item: Float32Array;
  itemRow = -1;
  knownUser = false;
  knownItem = false;
  seconds = 0;
  /** Seconds since the user's last rating; -1 when there is none. */
  pauseSeconds = -1;
  /** Of what is to be learned. */
  rating = 0;
  weight = 1;

  // Left by the mean and bias experts.
  mean = 0;
  itemBias = 0;
  /** The user's level over all ratings, and as it is lately. */
  longLevel = 0;
  recentLevel = 0;
  /** What the bias expert adds for the user: the long level drawn towards the recent one. */
  userBias = 0;
  /** What learning has just added to the user's and the item's residual sums (quantized, unweighted). */
  userResidual = 0;
  itemResidual = 0;

  // Left by the factors expert: p·q, and mean + biases + p·q.
  interaction = 0;
  factorsAnswer = 0;

  // Left by the posterior: its answer, how uncertain it is, and the similarity of the ratings that it rests on.
  posteriorAnswer = 0;
  posteriorVariance = 0;
  posteriorMass = 0;

  constructor(emptyUser: Block, item: Block) {
    this.user = emptyUser.floats;
    this.userAddress = emptyUser.address;
    this.item = item.floats;
    this.itemAddress = item.address;
  }
}
