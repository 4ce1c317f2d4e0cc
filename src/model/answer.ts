/** What a learner answers: the prediction, and what it is made of. */

/** Names of the experts in the order of `Answer.experts`; the last is the published prediction. */
export const expertNames = ['mean', 'bias', 'factors', 'blend'] as const;
export const blendIndex = expertNames.length - 1;

/** What `predictOne` leaves behind, on the inner scale. Overwritten by the next call. */
export interface Answer {
  /** Each expert's answer, clipped to the scale. */
  readonly experts: Float64Array;
  /** Of the networks that serve, and of those in their shadow, by kind; NaN where there is none. */
  readonly networks: Float64Array;
  readonly shadows: Float64Array;
  /** By kind: how much of a network's distance from the online answer is in the prediction. */
  readonly networkWeights: Float64Array;
  /** What the prediction would be without networks. */
  online: number;
  prediction: number;
  low: number;
  high: number;
  mean: number;
  userBias: number;
  itemBias: number;
  interaction: number;
  coldUser: boolean;
  coldItem: boolean;
}

/** Empty, with the networks' arrays as they are filled elsewhere. */
export const newAnswer = (networks: Float64Array, shadows: Float64Array, networkWeights: Float64Array): Answer => ({
  experts: new Float64Array(expertNames.length),
  networks,
  shadows,
  networkWeights,
  online: 0,
  prediction: 0,
  low: 0,
  high: 0,
  mean: 0,
  userBias: 0,
  itemBias: 0,
  interaction: 0,
  coldUser: true,
  coldItem: true,
});
