// The no-op task of piscina and tinypool.

export function noop(value) {
  return value + 1;
}
