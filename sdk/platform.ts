/**
 * `chimaera/platform`: what a module may use of the machine, so that a test can replace it.
 *
 * @module
 */

export {
  addressOf,
  type Clock,
  copyMemory,
  delay,
  environment,
  ffiAvailable,
  type Packaging,
  packaging,
  type Random,
  realClock,
  seededRandom,
  uniqueName,
  VERSION,
} from "../runtime/platform/mod.ts";
