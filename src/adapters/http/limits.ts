/** Everything that bounds what a client can make the server hold or wait for. */
export interface HttpLimits {
  /** Longest request body. */
  readonly bodyMaxBytes: number;
  /** Bodies being received or worked on, together; beyond it new ones are answered 429. */
  readonly pendingBodiesMaxBytes: number;
  /** Most ratings in one request. */
  readonly ratingsPerRequestMaxCount: number;
  /** Ratings accepted but not yet learned and committed, over all partitions; beyond it requests are answered 429. */
  readonly backlogMaxCount: number;
  /** A request must have arrived whole within this time. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection stays open; longer than the usual 60 s of load balancers. */
  readonly keepAliveTimeoutMs: number;
  /** How long `close` waits for requests under way before it cuts their connections. */
  readonly closeGraceMs: number;
  /** Readers of GET /predictions/stream at the same time. */
  readonly streamsMaxCount: number;
  /** Time between comments that keep a quiet stream open. A reader that takes nothing for four of them is cut. */
  readonly streamHeartbeatMs: number;
  /** Consoles at the same time, and how often they are told what happens. */
  readonly viewersMaxCount: number;
  readonly livePeriodMs: number;
  /** How long another worker may take for a forwarded request, and the longest answer that is taken from it. */
  readonly forwardTimeoutMs: number;
  readonly forwardMaxBytes: number;
}

export const defaultHttpLimits: HttpLimits = {
  bodyMaxBytes: 8 * 1024 * 1024,
  pendingBodiesMaxBytes: 64 * 1024 * 1024,
  ratingsPerRequestMaxCount: 10_000,
  backlogMaxCount: 100_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  closeGraceMs: 5_000,
  streamsMaxCount: 16,
  streamHeartbeatMs: 15_000,
  viewersMaxCount: 16,
  livePeriodMs: 1000,
  forwardTimeoutMs: 2000,
  forwardMaxBytes: 1024 * 1024,
};

/** The seconds of every Retry-After. */
export const retryAfterSeconds = 1;
