// The no-op task of workerpool. See noop_poolifier.mjs for why the import is dynamic.

const { default: workerpool } = await import("workerpool");

workerpool.worker({ noop: (value) => value + 1 });
