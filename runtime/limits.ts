/**
 * Every limit of the runtime, in one place. Sizes in bytes, times in milliseconds, counts plain.
 * A limit that a user can hit names the error code that reports it.
 */
export const LIMITS = {
  /** Segment: one WebAssembly memory, 4 GiB less one 64 KiB page. */
  segmentBytesMax: 4 * 1024 ** 3 - 65536,
  /** Reserved at the start of each segment for header, port table and fixed scratch. */
  segmentReservedBytes: 1 << 20,
  sessionBytesDefault: 256 << 20,
  /** A client that asks for less gets this; more of a node with more than 51 workers. */
  sessionBytesMin: 32 << 20,
  /** The session by which a node asks its policies. */
  policySessionBytes: 64 << 20,
  nodeBytesDefault: 1 << 30,
  prefaultBytes: 32 << 20,
  /** Of a segment, at most: 32 MiB take 80 ms of a processor. */
  prefaultPart: 1 / 8,
  prefaultStepBytes: 2 << 20,
  /** CHI-5009. */
  portsPerSession: 16,
  /** Task slots of a port, and so entries of its completion rings; CHI-3011. */
  slotsPerPort: 4096,
  /** Subtasks of one task that are under way or not freed; CHI-3011. */
  subtasksPerTask: 4096,
  /** Bytes of a slot for a task's fields; larger tasks take a heap block. */
  slotBytes: 128,
  /** Bytes of the error record that belongs to each slot. */
  errorRecordBytes: 1024,
  /** Fields of one task, together; CHI-3001. */
  taskFieldsBytesMax: 65536,
  workersMax: 64,
  /** CHI-5008. */
  sessionsMax: 256,
  /** Entries of the ring between two workers; beyond it a bounded overflow list. */
  workerRingSlots: 1024,
  workerOverflowMax: 65536,
  /** Aborts that a worker keeps for tasks that it does not have, perhaps not yet. */
  earlyAbortsMax: 16_384,
  /** Tasks a worker takes from one ring before it looks at the next. */
  ringBatch: 256,
  /** Tasks, then time, between two turns of the event loop while foreign promises are pending. */
  tickTasksMax: 256,
  tickMicros: 200,
  /** Tasks of one lane before the next lane of its worker has its turn. */
  laneShare: 32,
  /** Longest period of a periodic task: 71 minutes; CHI-3001. */
  periodUsMax: 2 ** 32 - 1,
  /** Low-latency tasks that run for each high-latency one while both wait. */
  highLatencyQuota: 32,
  /** Longest sleep of a worker that has sessions. */
  sleepMs: 100,
  /** Between visits to the event loop while handlers wait for the worker's own loop only. */
  visitMs: 10,
  /** Length of such a visit when there is nothing else to do. */
  visitSleepMs: 1,
  /** Passes of a busy worker between two looks whether a visit is due. */
  passesPerLook: 64,
  /** Microtask turns given to a resumed handler before its wait counts as foreign. */
  microtaskTurns: 16,
  /** CHI-4006. */
  lanesPerGroup: 1024,
  /** CHI-4009: a handler that holds its lane longer is reported. */
  stallMs: 1000,
  /** Disk operations of a worker that the kernel has at once; more wait their turn. */
  diskOperationsMax: 256,
  /** Passes of a busy worker between two reports to the leader of a flush. */
  flushNewsPasses: 16,
  /** How soon a flush asks for held work again while no task gets on. */
  flushAskMs: 5,
  heartbeatMs: 100,
  /** After it a handler that held its worker cannot have returned unseen. */
  fenceMs: 250,
  /** Worker threads that a node replaces; with one more it stops. */
  workersLostMax: 16,
  /** How long a new session or port waits for workers that may be held; then it goes on. */
  sessionAnswerMs: 50,
  /** CHI-4009: how long the making of a pool waits for a worker that is held. */
  poolHeldMs: 3000,
  /** CHI-5004: how long a client waits for a node to take it in, and a node for its hello. */
  helloMs: 10_000,
  /** How soon a listener tries again after the process had no descriptor for a connection. */
  acceptRetryMs: 20,
  /** Connections of a node that have not said hello; more wait until one has, or ends. */
  strangersMax: 32,
  /** While as many are there, one that has been silent for longer makes room. */
  strangerMs: 500,
  /** CHI-5008: file descriptors that sessions leave to the node's own work, besides one a worker. */
  descriptorsKept: 24,
  /** CHI-5005: a waiter looks at the node's life this often. */
  livenessMs: 500,
  /** How long a work orchestration policy may take for an answer. */
  policyMs: 10_000,
  /** Processors that a thread can be bound to: bits of the system's mask. */
  cpusMax: 1024,
  /** From a request to stop until the node begins to. */
  stopGraceMs: 50,
  /** How long the end of a node, or of a session in its process, waits for tasks under way. */
  closeGraceMs: 2000,
  /** Until all memory must be back when a test's node is closed; CHI-4026. */
  leakGraceMs: 2000,
  /** Simulated time after which a node that does nothing is stuck; CHI-4027. */
  simulatedIdleMs: 60_000,
  /** The same, for a handler that waits for what its worker does not bring; CHI-4027. */
  simulatedWaitMs: 600_000,
  /** How long a lane that is to move waits for what it has begun; CHI-4017. */
  laneDrainMs: 5000,
  /** How long each other step of a move may take; CHI-4018. */
  laneMoveStepMs: 5000,
  /** All files of a module together; CHI-4005. */
  moduleBytesMax: 64 << 20,
  /** How long a module may take to be imported; CHI-4005. */
  moduleLoadMs: 10_000,
  /** Versions left behind until the workers' threads are replaced: each keeps about 0.1 MB of one. */
  upgradesPerThread: 64,
  /** Between the imports of a new version and its change, for what has come during the imports. */
  upgradePauseMs: 5,
  /** Between two looks whether a worker that is to be recycled has come to rest. */
  recycleRetryMs: 5,
  /** How long ending a pool waits for handlers that run. */
  destroyGraceMs: 5000,
  /** How long those that have not ended by then have after their signals have fired; CHI-4020. */
  destroySignalMs: 250,
  /** A client over the socket that leaves more answers unread is not taken from meanwhile. */
  unreadAnswersBytes: 8 << 20,
  /** A list of all pools with as many lanes as a node can have fits. */
  controlMessageBytes: 4 << 20,
  poolNameBytes: 128,
  libNameBytes: 64,
  createParamsBytes: 4096,
  /** Of a method's name, its k included; CHI-1304. */
  methodNameCharacters: 64,
  /** How long one test of a module may take in `repo check`; CHI-1307. */
  moduleTestMs: 60_000,
} as const;
