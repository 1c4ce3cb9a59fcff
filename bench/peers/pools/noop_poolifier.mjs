// The no-op task of poolifier. The import is dynamic because only Node, in the folder where npm
// installed the packages, can resolve it; `deno check` looks at static ones.

const { ThreadWorker } = await import("poolifier");

new ThreadWorker((value) => value + 1);
