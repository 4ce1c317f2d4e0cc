/** Every metric of Freshet, declared once. docs/metrics.md lists them; a test compares. Plain data. */

export interface MetricDeclaration {
  readonly name: `freshet_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** What a value of 1 means. */
  readonly unit: string;
  /** Only labels with few values: never a user, an item or anything a client makes up. */
  readonly labels: readonly string[];
  /** Upper bounds, histograms only. */
  readonly buckets?: readonly number[];
}

const checkpointSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const checkpointBytes = [1e3, 1e4, 1e5, 2.5e5, 1e6, 2.5e6, 1e7, 1e8];
const restoreSeconds = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300];
const requestSeconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export const metrics = {
  eventsApplied: {
    name: 'freshet_events_applied_total',
    type: 'counter',
    help: 'Rating events predicted and learned.',
    unit: 'events',
    labels: ['partition'],
  },
  eventsSkipped: {
    name: 'freshet_events_skipped_total',
    type: 'counter',
    help: 'Rating events left out because they had been applied already.',
    unit: 'events',
    labels: ['partition'],
  },
  predictions: {
    name: 'freshet_predictions_total',
    type: 'counter',
    help: 'Predictions published for rating events.',
    unit: 'predictions',
    labels: ['partition'],
  },
  requestsAnswered: {
    name: 'freshet_requests_answered_total',
    type: 'counter',
    help: 'Prediction requests of the topic that were answered.',
    unit: 'requests',
    labels: ['partition'],
  },
  recommendations: {
    name: 'freshet_recommendations_total',
    type: 'counter',
    help: 'Recommendations published to users whose ratings changed.',
    unit: 'users',
    labels: ['partition'],
  },
  recommendationsPending: {
    name: 'freshet_recommendations_pending',
    type: 'gauge',
    help: 'Users whose ratings changed and whose recommendations are not published yet.',
    unit: 'users',
    labels: ['partition'],
  },
  deadLetters: {
    name: 'freshet_dead_letters_total',
    type: 'counter',
    help: 'Records refused, by error code; codes that are no rejection code count as other.',
    unit: 'records',
    labels: ['partition', 'reason'],
  },
  prequentialRmse: {
    name: 'freshet_prequential_rmse',
    type: 'gauge',
    help: 'Root mean squared error of predictions made before learning; span is total, or window for the last 10,000 events.',
    unit: "the user's rating scale",
    labels: ['expert', 'span'],
  },
  prequentialMae: {
    name: 'freshet_prequential_mae',
    type: 'gauge',
    help: 'Mean absolute error of predictions made before learning; span is total, or window for the last 10,000 events.',
    unit: "the user's rating scale",
    labels: ['expert', 'span'],
  },
  intervalCoverage: {
    name: 'freshet_interval_coverage_ratio',
    type: 'gauge',
    help: 'Share of the last 10,000 ratings inside their 80 % interval; 0.8 is right.',
    unit: 'ratio',
    labels: [],
  },
  rows: {
    name: 'freshet_rows',
    type: 'gauge',
    help: 'Rows held in memory; kind is user or item.',
    unit: 'rows',
    labels: ['kind'],
  },
  rowsEvicted: {
    name: 'freshet_rows_evicted_total',
    type: 'counter',
    help: 'Rows put out of memory at the cap; they are reloaded when they are needed. Kind is user or item.',
    unit: 'rows',
    labels: ['kind'],
  },
  appliedOffset: {
    name: 'freshet_applied_offset',
    type: 'gauge',
    help: 'Offset up to which ratings are learned in memory.',
    unit: 'offset',
    labels: ['partition'],
  },
  committedOffset: {
    name: 'freshet_committed_offset',
    type: 'gauge',
    help: 'Offset up to which everything is durable.',
    unit: 'offset',
    labels: ['partition'],
  },
  effort: {
    name: 'freshet_effort',
    type: 'gauge',
    help: 'What is done for each rating: 0 fast, 1 balanced, 2 full. With --effort auto it follows the load.',
    unit: 'level',
    labels: ['partition'],
  },
  eventTimeLag: {
    name: 'freshet_event_time_lag_seconds',
    type: 'gauge',
    help: "From the last rating's own time to its prediction; large while old ratings are replayed.",
    unit: 'seconds',
    labels: ['partition'],
  },
  checkpoints: {
    name: 'freshet_checkpoints_total',
    type: 'counter',
    help: 'Checkpoints by outcome: committed, failed (the batch is processed anew) or fenced (the partition is lost).',
    unit: 'checkpoints',
    labels: ['partition', 'outcome'],
  },
  checkpointDuration: {
    name: 'freshet_checkpoint_duration_seconds',
    type: 'histogram',
    help: 'From preparing a checkpoint to its outcome.',
    unit: 'seconds',
    labels: ['outcome'],
    buckets: checkpointSeconds,
  },
  checkpointSize: {
    name: 'freshet_checkpoint_size_bytes',
    type: 'histogram',
    help: 'Bytes of the rows, predictions and dead letters of a checkpoint.',
    unit: 'bytes',
    labels: [],
    buckets: checkpointBytes,
  },
  checkpointRecords: {
    name: 'freshet_checkpoint_records_total',
    type: 'counter',
    help: 'Records that committed checkpoints made durable.',
    unit: 'records',
    labels: ['partition'],
  },
  restoreDuration: {
    name: 'freshet_restore_duration_seconds',
    type: 'histogram',
    help: 'From the assignment of a partition to its rows being back in memory.',
    unit: 'seconds',
    labels: [],
    buckets: restoreSeconds,
  },
  restoredRecords: {
    name: 'freshet_restored_records_total',
    type: 'counter',
    help: 'Records read to bring partitions back into memory.',
    unit: 'records',
    labels: ['partition'],
  },
  restoreReads: {
    name: 'freshet_restore_reads_total',
    type: 'counter',
    help: 'On Kafka: records read to bring partitions and followed items into memory, from the local snapshot (disk) or from the topics (changelog).',
    unit: 'records',
    labels: ['source'],
  },
  backlog: {
    name: 'freshet_log_backlog',
    type: 'gauge',
    help: 'Ratings in the log that are not yet learned and committed, over all partitions.',
    unit: 'ratings',
    labels: [],
  },
  schemaWait: {
    name: 'freshet_schema_wait_seconds',
    type: 'gauge',
    help: 'How long a partition has been waiting for a schema that the registry does not tell; 0 when it does not wait.',
    unit: 'seconds',
    labels: ['partition'],
  },
  registryUnanswered: {
    name: 'freshet_registry_unanswered_total',
    type: 'counter',
    help: 'Questions that the schema registry did not answer.',
    unit: 'questions',
    labels: [],
  },
  restoreProgress: {
    name: 'freshet_restore_progress_ratio',
    type: 'gauge',
    help: 'How much of a changelog is read, for partitions that are being restored from Kafka.',
    unit: 'ratio',
    labels: ['partition', 'topic'],
  },
  itemFollowLag: {
    name: 'freshet_item_follow_lag_seconds',
    type: 'gauge',
    help: "Time since all that other workers' partitions had contributed to items was here; absent when nothing is followed.",
    unit: 'seconds',
    labels: [],
  },
  consumerLag: {
    name: 'freshet_consumer_lag',
    type: 'gauge',
    help: "Ratings in the topic behind the group's committed offset, for the partitions held here.",
    unit: 'ratings',
    labels: ['partition'],
  },
  rebalances: {
    name: 'freshet_rebalances_total',
    type: 'counter',
    help: 'Assignments by the consumer group, the first one included.',
    unit: 'assignments',
    labels: [],
  },
  modelEvents: {
    name: 'freshet_model_events_total',
    type: 'counter',
    help: 'What became of networks: trained, kept (what served goes on), shadowing, promoted, rolled-back or failed.',
    unit: 'events',
    labels: ['kind', 'outcome'],
  },
  modelSwaps: {
    name: 'freshet_model_swaps_total',
    type: 'counter',
    help: 'Times that a partition got other networks than it had, between two checkpoints.',
    unit: 'swaps',
    labels: [],
  },
  modelRmse: {
    name: 'freshet_model_rmse',
    type: 'gauge',
    help: 'Root mean squared error of a network on the live ratings of this worker since it took its place; role is serving or shadow.',
    unit: 'a scale of 1 to 5, whatever the ratings have',
    labels: ['kind', 'role'],
  },
  modelRatings: {
    name: 'freshet_model_ratings',
    type: 'gauge',
    help: 'Live ratings of this worker that a network has answered since it took its place.',
    unit: 'ratings',
    labels: ['kind', 'role'],
  },
  modelWeight: {
    name: 'freshet_model_weight',
    type: 'gauge',
    help: 'How much of the distance between the network that serves and the answer without networks is in the prediction: the mean over the latest thousand live ratings of this worker.',
    unit: 'none; 0 is nothing, 1 the whole distance',
    labels: ['kind'],
  },
  modelAge: {
    name: 'freshet_model_age_seconds',
    type: 'gauge',
    help: 'Since the network that serves was trained.',
    unit: 'seconds',
    labels: ['kind'],
  },
  trainingProgress: {
    name: 'freshet_training_progress_ratio',
    type: 'gauge',
    help: 'Epochs of the training under way that are done, of the most there will be.',
    unit: 'ratio',
    labels: ['kind'],
  },
  trainingLoss: {
    name: 'freshet_training_loss',
    type: 'gauge',
    help: 'Loss of the training under way.',
    unit: "the network's own",
    labels: ['kind'],
  },
  trainingHeldOutRmse: {
    name: 'freshet_training_held_out_rmse',
    type: 'gauge',
    help: 'Root mean squared error of the training under way on ratings held out of it.',
    unit: 'a scale of 1 to 5, whatever the ratings have',
    labels: ['kind'],
  },
  trainingSpeed: {
    name: 'freshet_training_examples_per_second',
    type: 'gauge',
    help: 'Speed of the training under way.',
    unit: 'ratings per second',
    labels: ['kind'],
  },
  trainingLeft: {
    name: 'freshet_training_left_seconds',
    type: 'gauge',
    help: 'How long the training under way may still take.',
    unit: 'seconds',
    labels: ['kind'],
  },
  httpRequests: {
    name: 'freshet_http_requests_total',
    type: 'counter',
    help: 'HTTP requests answered; the route is its pattern, or unmatched.',
    unit: 'requests',
    labels: ['method', 'route', 'status'],
  },
  httpRequestDuration: {
    name: 'freshet_http_request_duration_seconds',
    type: 'histogram',
    help: 'From the headers of an HTTP request to the end of its answer; streams are left out.',
    unit: 'seconds',
    labels: ['method', 'route'],
    buckets: requestSeconds,
  },
  httpForwarded: {
    name: 'freshet_http_forwarded_total',
    type: 'counter',
    help: 'Reads for users of other workers by outcome: answered, moving (nobody holds the partition right now), hidden (its worker advertises no address), unreachable or refused.',
    unit: 'requests',
    labels: ['outcome'],
  },
  httpForwardDuration: {
    name: 'freshet_http_forward_duration_seconds',
    type: 'histogram',
    help: 'From finding out that another worker holds the user to its answer, by outcome.',
    unit: 'seconds',
    labels: ['outcome'],
    buckets: requestSeconds,
  },
} as const satisfies Record<string, MetricDeclaration>;

export type Metrics = typeof metrics;
export type MetricKey = keyof Metrics;
