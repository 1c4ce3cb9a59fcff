/**
 * `chimaera/test`: a node for a module's own tests.
 *
 * @module
 */

export type { FaultName, Faults } from "../runtime/testing/mod.ts";
export {
  forSeeds,
  type SeededNode,
  startNode,
  type TestNode,
  type TestOptions,
} from "./test_node.ts";
